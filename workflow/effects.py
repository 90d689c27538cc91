"""What follows from a transition: pieces of work for the outbox, each with its lane.

An effect is written to the outbox in the transaction of the change, and carried out by a performer at least once.
"""

from __future__ import annotations

from dataclasses import dataclass

from workflow.vocabulary import Lane, Word


class Effect(Word):
    """The kinds of work a transition can ask for."""

    MAIL_FORM = "mail_form", "寄送申請書", "Mail the application form"
    NOTICE = "notice", "通知", "Send a notice"
    MANUFACTURE = "manufacture", "製卡", "Manufacture the card"
    PUBLISH_CRL = "publish_crl", "公布憑證廢止清冊", "Publish the CRL"
    SEND_NEW_CODE = "send_new_code", "寄送新用戶代碼", "Send the new user code"
    EXAMINE_REQUEST = "examine_request", "檢查憑證請求檔", "Examine signing requests"
    ISSUE_ITEMS = "issue_items", "簽發憑證", "Issue certificates"
    ALARM = "alarm", "警報", "Send an alarm"


LANES = {
    Effect.MAIL_FORM: Lane.PAPER,
    Effect.NOTICE: Lane.NOTICE,
    Effect.MANUFACTURE: Lane.CARD,
    Effect.PUBLISH_CRL: Lane.CERTIFICATE,
    Effect.SEND_NEW_CODE: Lane.NOTICE,
    Effect.EXAMINE_REQUEST: Lane.CERTIFICATE,
    Effect.ISSUE_ITEMS: Lane.CERTIFICATE,
    Effect.ALARM: Lane.NOTICE,
}


@dataclass(frozen=True)
class Do:
    """One piece of work: what, and which template when it is a notice."""

    effect: Effect
    template: str = ""

    @property
    def lane(self) -> Lane:
        """The lane in which the work waits."""
        return LANES[self.effect]


def notice(template: str) -> Do:
    """Ask for a notice by e-mail from a template."""
    return Do(Effect.NOTICE, template)
