"""The letter clerk: logs letters, imports electronic ones, ties one letter to many cases, chases missing ones (LTR-01…03)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from forms.rocdate import RocDateError, parse_roc
from web import access
from web.access import allow
from web.casework import beside_field, whole_number
from web.door import perform
from web.errors import status_of
from web.language import t
from web.ports import office
from workflow.commands import LogLetter, TieLetter
from workflow.errors import BadInput, FieldProblem, NotFound, RegistryError
from workflow.intake import read_upload
from workflow.views import letters
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from werkzeug.datastructures import FileStorage

    from web.casework import Answer
    from workflow.views.letters import LetterView, RankCounts
    from workflow.views.worklist import Line

blueprint = Blueprint("clerk", __name__, url_prefix="/letters")

READERS = (Role.LETTER_CLERK, Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.HELP_DESK, Role.AUDITOR)
LONGEST = {"sender_name": 120, "sender_code": 20, "number": 60, "subject": 500, "explanation": 4000}
LONGEST_COUNT = 4
"""Digits of the most cards that a letter asks for."""
_REQUIRED = (
    ("sender_name", "來文機關", "Sender"),
    ("number", "發文字號", "Number"),
    ("dated", "發文日期", "Date"),
    ("subject", "主旨", "Subject"),
)


@dataclass(frozen=True, slots=True)
class TieTable:
    """What a letter can be tied to: cases that wait for one, others it names, and numbers that are nobody's."""

    ready: tuple[Line, ...]
    other: tuple[Line, ...]
    unknown: tuple[str, ...]
    counts: RankCounts


@blueprint.get("/")
@allow(*READERS)
def tray() -> str:
    """Show the letters that are tied to nothing yet, and the newest ones."""
    before = request.args.get("before", "")
    with office().reading() as connection:
        waiting = letters.tray(connection, access.actor())
        newest, more = letters.recent(connection, access.actor(), whole_number(before) or None)
    return render_template("clerk/tray.html", waiting=waiting, newest=newest, more=more)


@blueprint.get("/missing/")
@allow(Role.LETTER_CLERK, Role.FIRST_REVIEWER, Role.HELP_DESK)
def missing() -> str:
    """Show the cases whose letter has not come, and how often they were chased."""
    with office().reading() as connection:
        found = letters.awaiting(connection, access.actor(), office().clock.now())
    return render_template("clerk/missing.html", found=found)


@blueprint.route("/new/", methods=["GET", "POST"])
@allow(Role.LETTER_CLERK)
def log() -> Answer:
    """Log a paper letter by hand, with a scan of it if there is one."""
    return _take_in("clerk/log.html", _typed_letter)


@blueprint.route("/import/", methods=["GET", "POST"])
@allow(Role.LETTER_CLERK)
def import_letter() -> Answer:
    """Import an electronic letter: DI, SW and attachments, or one zip."""
    return _take_in("clerk/import.html", _uploaded_letter)


@blueprint.get("/<int(max=999999999999999):letter_id>/")
@allow(*READERS)
def letter(letter_id: int) -> str:
    """Show a letter; while it has no cases, with the proposal what to tie it to."""
    return _letter_page(letter_id)


@blueprint.post("/<int(max=999999999999999):letter_id>/tie/")
@allow(Role.LETTER_CLERK)
def tie(letter_id: int) -> Answer:
    """Tie the letter to the ticked cases, which thereby are received (LTR-01)."""
    chosen = tuple(filter(None, map(whole_number, request.form.getlist("case_id"))))
    reason = request.form.get("difference_reason", "").strip()
    _refuse_what_is_not_seen(letter_id, chosen)
    try:
        outcome = perform(TieLetter(letter_id=letter_id, case_ids=chosen, difference_reason=reason))
    except RegistryError as error:
        return _letter_page(letter_id, beside_field(error), chosen), status_of(error)
    flash(
        t(f"已將公文連結 {len(outcome.cases)} 案。", f"The letter is tied to {len(outcome.cases)} cases."),
        "good",
    )
    return redirect(url_for("clerk.letter", letter_id=letter_id))


def _refuse_what_is_not_seen(letter_id: int, chosen: tuple[int, ...]) -> None:
    """Refuse to tie what the clerk may not see, such as another window's cases (RV1-05); raises NotFound."""
    who, now = access.actor(), office().clock.now()
    with office().reading() as connection:
        letters.letter(connection, who, letter_id, now)
        if len(letters.cases_by_id(connection, who, chosen, now)) != len(set(chosen)):
            raise NotFound("case.not_found")


def _take_in(template: str, read: Callable[[], LogLetter]) -> Answer:
    problems: tuple[FieldProblem, ...] = ()
    status = 200
    if request.method == "POST":
        try:
            outcome = perform(read())
        except RegistryError as error:
            problems, status = beside_field(error), status_of(error)
        else:
            flash(
                t(
                    f"已登錄，收文號 {outcome.number}。請連結案件。",
                    f"Logged as {outcome.number}. Now tie it to its cases.",
                ),
                "good",
            )
            return redirect(url_for("clerk.letter", letter_id=outcome.created_id))
    return render_template(template, problems=problems, typed=request.form), status


def _uploaded_letter() -> LogLetter:
    proposal = read_upload(_files())
    numbers = _numbers(request.form.get("numbers", ""))
    return replace(proposal.command, proposed=tuple(dict.fromkeys((*proposal.command.proposed, *numbers))))


def _typed_letter() -> LogLetter:
    typed = {name: value.strip() for name, value in request.form.items()}
    problems = [
        FieldProblem(name, "required", f"請填寫「{zh}」。", f"{en} is required.")
        for name, zh, en in _REQUIRED
        if not typed.get(name)
    ]
    problems += [
        FieldProblem(
            name, "too_long", f"最多 {most} 個字，請縮短。", f"At most {most} characters; shorten it."
        )
        for name, most in LONGEST.items()
        if len(typed.get(name, "")) > most
    ]
    dated = _date(typed.get("dated", ""), problems)
    primary, secondary = (
        _count(name, typed.get(name, ""), problems) for name in ("said_primary", "said_secondary")
    )
    if problems or dated is None:
        raise BadInput(*problems)
    return LogLetter(
        sender_name=typed["sender_name"],
        sender_code=typed.get("sender_code", ""),
        number=typed["number"],
        dated=dated,
        subject=typed["subject"],
        explanation=typed.get("explanation", ""),
        said_primary=primary,
        said_secondary=secondary,
        proposed=_numbers(typed.get("numbers", "")),
        files=tuple((name, "application/octet-stream", content) for name, content in _files().items()),
    )


def _date(text: str, problems: list[FieldProblem]) -> date | None:
    if not text:
        return None
    try:
        return parse_roc(text)
    except RocDateError as error:
        problems.append(FieldProblem("dated", "roc_date", error.zh, error.en))
        return None


def _count(name: str, text: str, problems: list[FieldProblem]) -> int | None:
    if not text:
        return None
    if text.isdecimal() and len(text) <= LONGEST_COUNT:
        return int(text)
    problems.append(
        FieldProblem(
            name,
            "number",
            "請輸入張數，例如 2；公文未載明請留空。",
            "Give a number such as 2, or leave it empty.",
        )
    )
    return None


def _files() -> dict[str, bytes]:
    """Return the chosen files by name; BadInput when two have one name, for one of them would be lost."""
    chosen = [one for one in request.files.getlist("files") if one.filename]
    twice = [name for name, times in Counter(map(_name, chosen)).items() if times > 1]
    if twice:
        raise BadInput(
            FieldProblem(
                "files",
                "twice",
                f"有兩個檔案的檔名相同：{twice[0]}。請改名後重新選擇。",
                f"Two files have the name {twice[0]}. Rename one and choose them again.",
            )
        )
    return {_name(one): one.read() for one in chosen}


def _name(one: FileStorage) -> str:
    return (one.filename or "").replace("\\", "/").rsplit("/", 1)[-1]


def _numbers(text: str) -> tuple[str, ...]:
    """Return the case numbers among scanned lines; a scanner ends each with Enter."""
    return tuple(dict.fromkeys(word for word in text.replace(",", " ").split() if word.isdecimal()))


def _letter_page(
    letter_id: int, problems: tuple[FieldProblem, ...] = (), chosen: tuple[int, ...] = ()
) -> str:
    who = access.actor()
    with office().reading() as connection:
        found = letters.letter(connection, who, letter_id, office().clock.now())
        scanned = tuple(dict.fromkeys(one.strip() for one in request.values.getlist("number") if one.strip()))
        numbers = tuple(dict.fromkeys((*found.proposed, *scanned)))
        lines = letters.cases_by_number(connection, who, numbers, office().clock.now())
    table = _tie_table(found, numbers, lines) if who.has(Role.LETTER_CLERK) else None
    return render_template(
        "clerk/letter.html", letter=found, table=table, scanned=scanned, problems=problems, chosen=chosen
    )


def _tie_table(found: LetterView, numbers: tuple[str, ...], lines: tuple[Line, ...]) -> TieTable:
    known, tied = {line.number for line in lines}, {line.case_id for line in found.cases}
    ready = tuple(line for line in lines if letters.awaits_letter(line))
    return TieTable(
        ready=ready,
        other=tuple(line for line in lines if line not in ready and line.case_id not in tied),
        unknown=tuple(number for number in numbers if number not in known),
        counts=letters.rank_counts((*found.cases, *ready)),
    )
