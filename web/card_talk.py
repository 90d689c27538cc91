"""The conversation between a card page and the registry: a command out, the card's answer in, as JSON.

The browser holds two random texts: its own, in the signed session cookie, and the conversation's, in the page's memory.
Both are needed for each step. Every answer comes with its words in the visitor's language.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, flash, jsonify, render_template, request, session, url_for

from web import access
from web.access import public
from web.card import FLOWS
from web.door import perform
from web.errors import status_of
from web.language import say, t
from web.login import onward
from web.ports import office
from web.security import limited
from workflow import activation as activating
from workflow.commands_of_holders import AdvanceCardSession, EndCardSession, OpenCardSession
from workflow.commands_of_staff_cards import OpenCardLogIn, OpenCardSigning
from workflow.errors import NotFound, RegistryError
from workflow.facts import PUBLIC
from workflow.views import holders
from workflow.vocabulary import CardErrand, CertificateStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

    from workflow.card_sessions import CardTurn

    Answer = Response | tuple[Response, int]

blueprint = Blueprint("card_talk", __name__, url_prefix="/card/talk")

OWNER = "card_owner"
PROOF = "card_proof"
LONGEST_RESPONSE = 600
"""Hex digits of the longest answer of a card: 256 bytes and the status word, and more."""
_LAST_STEP = 10_000
_CHIP = re.compile("[0-9A-Za-z]{1,64}")
_LARGEST = 10**15


def owner() -> str:
    """Return this browser's own random text, made at its first conversation."""
    kept = session.get(OWNER)
    if not isinstance(kept, str):
        kept = session[OWNER] = secrets.token_urlsafe(32)
    return kept


@blueprint.post("/open")
@public
@limited("60 per minute")
def open_talk() -> Answer:
    """Begin a conversation."""
    said = _said()
    errand = next((one for one in CardErrand if one.value == said.get("errand")), None)
    if errand is None:
        abort(HTTPStatus.BAD_REQUEST)
    token, csn = secrets.token_urlsafe(32), _text(said, "csn")
    if csn and not _CHIP.fullmatch(csn):
        abort(HTTPStatus.BAD_REQUEST)
    return _answered(lambda: _opened(token, errand, (csn, _text(said, "user_code"))), token)


def _opened(token: str, errand: CardErrand, given: tuple[str, str]) -> CardTurn:
    csn, user_code = given
    if errand in {CardErrand.LOG_IN, CardErrand.SIGN}:
        return _opened_by_staff(token, errand, csn)
    case_id = 0
    if errand in {CardErrand.ACTIVATE, CardErrand.UNBLOCK}:
        case_id = activating.details_of(office(), csn).case_id
    command = OpenCardSession(
        token=token, owner=owner(), errand=errand, csn=csn, case_id=case_id, user_code=user_code
    )
    return _turn(perform(command, PUBLIC).turn)


def _opened_by_staff(token: str, errand: CardErrand, csn: str) -> CardTurn:
    said = _said()
    if errand is CardErrand.LOG_IN:
        log_in = OpenCardLogIn(
            token=token,
            owner=owner(),
            login=_text(said, "login").strip(),
            password=_text(said, "password"),
            csn=csn,
        )
        return _turn(perform(log_in, PUBLIC).turn)
    signing = OpenCardSigning(
        token=token,
        owner=owner(),
        csn=csn,
        trigger=_text(said, "trigger"),
        case_id=_number(said, "case_id"),
        seen_sha256=_text(said, "seen_sha256"),
        seen_version=_number(said, "seen_version"),
        reason=_text(said, "reason"),
    )
    return _turn(perform(signing, access.actor()).turn)


def _number(said: dict[str, Any], name: str) -> int:
    found = said.get(name)
    return found if type(found) is int and abs(found) < _LARGEST else -1


@blueprint.post("/step")
@public
@limited("2000 per minute")
def step() -> Answer:
    """Take the card's answer to a step; the same answer again gets the same reply again."""
    said = _said()
    number, response, token = said.get("step"), _text(said, "response"), _text(said, "session")
    if not isinstance(number, int) or not 0 <= number < _LAST_STEP or len(response) > LONGEST_RESPONSE:
        abort(HTTPStatus.BAD_REQUEST)
    try:
        raw = bytes.fromhex(response)
    except ValueError:
        abort(HTTPStatus.BAD_REQUEST)
    command = AdvanceCardSession(token=token, owner=owner(), step=number, response=raw)
    return _answered(lambda: _turn(perform(command, PUBLIC).turn), token)


@blueprint.post("/end")
@public
@limited("120 per minute")
def end() -> Answer:
    """Forget a conversation, once its answer is on the screen or its page is left."""
    command = EndCardSession(token=_text(_said(), "session"), owner=owner())
    try:
        perform(command, PUBLIC)
    except RegistryError as error:
        return _refused(error)
    return jsonify(ended=True)


def _said() -> dict[str, Any]:
    try:
        said = request.get_json(silent=True)
    except RecursionError:
        # Thousands of brackets within one another are no request of ours.
        said = None
    if not isinstance(said, dict):
        abort(HTTPStatus.BAD_REQUEST)
    return said


def _text(said: dict[str, Any], name: str) -> str:
    found = said.get(name, "")
    return found if isinstance(found, str) else ""


def _turn(turn: CardTurn | None) -> CardTurn:
    assert turn is not None  # noqa: S101 - each of these commands comes to one.
    return turn


def _answered(act: Callable[[], CardTurn], token: str) -> Answer:
    try:
        turn = act()
    except RegistryError as error:
        return _refused(error)
    if turn.answer is None:
        return jsonify(session=token, step=turn.step, command=turn.command, done=False)
    return jsonify(session=token, step=turn.step, done=True, **_result(turn, token))


def _refused(error: RegistryError) -> Answer:
    said: dict[str, Any] = {"code": error.code, "message": say(error)}
    if error.code == "card.pin_locked":
        said["way"] = {"address": url_for("card.unblock"), "words": say(FLOWS["unblock"])}
    return jsonify(error=said), int(status_of(error))


def _result(turn: CardTurn, token: str) -> dict[str, Any]:
    """Return what the page shows at the end, drawn here so that every page speaks alike."""
    answer = dict(turn.answer or {})
    if turn.errand is CardErrand.LOOK:
        return _looked(answer)
    if turn.errand is CardErrand.LOG_IN:
        return _logged_in(token, answer["account"])
    if turn.errand is CardErrand.SIGN:
        flash(t("已以卡片簽署並送出。", "Signed with the card and sent."), "good")
        return {"next": url_for("staff.case", case_id=answer["case"])}
    if turn.errand is CardErrand.PROVE:
        return _proved(token)
    if turn.errand is CardErrand.TEST:
        known = answer["status"]
        answer["status"] = CertificateStatus(known) if known else None
    return {"html": render_template(f"card/results/{turn.errand.value}.html", answer=answer)}


def _logged_in(token: str, account_id: int) -> dict[str, Any]:
    """Begin the session, and end the conversation: its answer logs nobody in a second time."""
    perform(EndCardSession(token=token, owner=owner()), PUBLIC)
    access.begin_session(account_id)
    return {"next": onward(_text(_said(), "goal"))}


def _looked(answer: dict[str, Any]) -> dict[str, Any]:
    """Put what the registry knows beside what the card says (ACT-02, VEW-01)."""
    try:
        details = activating.details_of(office(), answer["csn"])
    except NotFound:
        details = None
    with office().reading() as connection:
        certificates = holders.of_card(connection, answer["csn"])
        of_staff = details is None and holders.is_staff_card(connection, answer["csn"])
    shown = answer | {"certificates": [_dated(one) for one in answer["certificates"]], "of_staff": of_staff}
    html = render_template("card/results/look.html", answer=shown, details=details, certificates=certificates)
    return {
        "html": html,
        "csn": answer["csn"],
        "known": details is not None,
        "activated": details is not None and details.activated,
    }


def _dated(certificate: dict[str, Any]) -> dict[str, Any]:
    """Return a certificate with its moments to be read in Taipei, as all other days of the page are."""
    moments = {name: datetime.fromisoformat(certificate[name]) for name in ("not_before", "not_after")}
    return certificate | moments


def _proved(token: str) -> dict[str, Any]:
    """Remember the proof in the session's cookie, and send the page to what it opens."""
    session[PROOF] = token
    goal = _text(_said(), "goal")
    allowed = {flow.goal for flow in FLOWS.values() if flow.goal}
    if goal not in allowed:
        abort(HTTPStatus.BAD_REQUEST)
    return {"next": url_for(goal)}
