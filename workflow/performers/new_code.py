"""Send a new user code by e-mail (UCR-02): recorded as its hash first, told once, kept nowhere."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from workflow.acts.resets import new_code
from workflow.approvals import current_case
from workflow.commands import RecordCodeSent
from workflow.commands_of_performers import RecordNotice
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.performers.notices import contact_of, message_id
from workflow.ports import Mail

if TYPE_CHECKING:
    from workflow.office import Office
    from workflow.store.outbox import Work


def send_new_code(office: Office, work: Work) -> None:
    """Mail a new code and record its hash.

    It goes to the contact whom the card's own case has on record, never to an address that the reset's form gives:
    whoever has read a card can fill that form. A contact who has changed is changed first, with the card (CTC-01).

    The mail goes first: a code that was recorded but never sent would lock the holder out. Killed in between, the
    holder gets a second mail with another code, and the mail says that the latest one holds. Each mail has an id of its
    own, for a server may drop what it takes for a mail that it has seen.
    """
    assert work.case_id is not None  # noqa: S101 - a reset always has its case.
    case = current_case(office, work.case_id)
    if case.state != "copy_received":
        return
    code = new_code()
    hashed = office.hasher.hash(code)
    assert case.parent_id is not None  # noqa: S101 - a reset is always about a card's case.
    recipient, name = contact_of(office, case.parent_id)
    text = (
        f"{name} 您好：\n\n貴單位憑證IC卡（卡號 {case.card_number}）的新用戶代碼為：\n\n    {code}\n\n"
        "若收到一封以上，以最後一封為準。用戶代碼無法查詢，請妥善保管。\n"
        "請於一個月內將用印之申請書正本寄回，逾期憑證將被停用或廢止。\n\n"
        "Your new user code is above. If you get more than one such mail, the latest one holds.\n"
        "Please send the sealed original of the form back within one month.\n"
    )
    subject = "新用戶代碼通知 / Your new user code"
    own_id = message_id(work, secrets.token_hex(8))
    office.mailer.send(Mail(recipient, subject, text, message_id=own_id))
    notice = RecordNotice(
        outbox_id=work.id, case_id=case.id, template="new_code", recipient=recipient, subject=subject
    )
    handle(office, notice, SYSTEM)
    # The code comes last: once it is recorded the case has moved on, and nothing after it would be done again.
    handle(office, RecordCodeSent(case_id=case.id, code_hash=hashed), SYSTEM)
