"""The pages on which the staff use their cards: to log in (ROL-05), and to sign a decision (RV1-07).

The conversation itself runs through `web.card_talk`, as holders' do; these pages too may reach the agent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from web import access
from web.access import allow, public
from web.actions import REASON
from web.card import Flow, open_the_way_to_the_agent
from web.card_words import card_words
from web.casework import whole_case, whole_number
from web.language import say, t
from web.ports import office
from workflow.errors import NotAllowed
from workflow.vocabulary import CardErrand, Role, StaffCards

if TYPE_CHECKING:
    from web.casework import Answer

blueprint = Blueprint("staff_card", __name__, url_prefix="/staff-card")

LOG_IN = Flow(
    CardErrand.LOG_IN, "以卡片登入", "Log in with the card",
    (("插入您的承辦人員卡片，輸入帳號、密碼與 PIN 碼。", "Insert your staff card; enter account, password and PIN."),),
    ("login", "password", "pin"), ("登入", "Log in"),
)  # fmt: skip
SIGN = Flow(
    CardErrand.SIGN, "以卡片簽署決定", "Sign the decision with the card",
    (("請核對以下內容；輸入 PIN 碼即簽署。", "Check what is below. With the PIN you sign it."),),
    ("pin",), ("簽署並送出", "Sign and send"),
)  # fmt: skip


def in_use() -> bool:
    """Tell whether the staff use cards here."""
    return office().settings.staff_cards != str(StaffCards.OFF)


@blueprint.get("/log-in/")
@public
def log_in() -> str:
    """Log in by account, password and card, and go on to the page that was asked for."""
    _require_in_use()
    flow = replace(LOG_IN, goal=request.args.get("next", ""))
    # What was typed before a log-in ended is kept over this page, as over the log-in by password.
    return render_template("card/flow.html", flow=flow, name="log_in", words=card_words(), waystation=True)


@blueprint.post("/cases/<int(max=999999999999999):case_id>/sign")
@allow(Role.FIRST_REVIEWER, Role.SECOND_REVIEWER)
def sign(case_id: int) -> Answer | Response:
    """Show what will be signed, and let the card sign it."""
    _require_in_use()
    whole = whole_case(case_id, access.actor())
    chosen, reason = request.form.get("decision", ""), request.form.get("reason", "").strip()
    action = next((one for one in whole.actions if one.review and one.trigger == chosen), None)
    if action is None or (REASON in action.inputs and not reason):
        said = t(
            "請選擇審核決定；退件或不予核發須填寫理由。",
            "Choose a decision; a return or refusal needs its reason.",
        )
        flash(said, "warn")
        return redirect(url_for("staff.case", case_id=case_id))
    extra = {
        "case_id": case_id,
        "trigger": chosen,
        "reason": reason,
        "seen_sha256": request.form.get("seen_sha256", ""),
        "seen_version": whole_number(request.form.get("seen_version", ""), -1),
    }
    statement = (
        (t("案件流水號", "Case number"), whole.page.head.number),
        (t("決定", "Decision"), say(action)),
        (t("理由", "Reason"), reason or "—"),
        (t("內容指紋（SHA-256）", "Fingerprint of the content (SHA-256)"), extra["seen_sha256"]),
    )
    return render_template(
        "card/flow.html", flow=SIGN, name="sign", words=card_words(), statement=statement, extra=extra
    )


def _require_in_use() -> None:
    if not in_use():
        raise NotAllowed("staff_card.off")


blueprint.after_request(open_the_way_to_the_agent)
