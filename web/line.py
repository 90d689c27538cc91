"""The manufacturing line's pages: batches, live progress, readers, quarantine and print data (CRD-01, CRD-09)."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)

from forms.spreadsheets import CSV_TYPE, to_csv
from web.access import allow
from web.casework import as_download, beside_field, whole_number
from web.door import perform
from web.errors import problems_of, status_of
from web.language import say, t
from web.ports import office
from workflow.commands_of_line import OpenLineBatch, ReturnReader, SettleQuarantined, StopLineBatch
from workflow.errors import RegistryError
from workflow.views import line
from workflow.views.card_faces import CardFace, card_faces
from workflow.vocabulary import Ca, CardStep, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.blueprints import BlueprintSetupState

    from web.casework import Answer
    from workflow.errors import FieldProblem

blueprint = Blueprint("line", __name__, url_prefix="/centre/line")

STREAMS = "line_streams"
STREAMS_AT_ONCE = 2
"""Streams that one process holds open: its other threads go on serving pages. Whoever comes next is told once, and
asks again a moment later."""
STREAM_SECONDS = 15
PAUSE_SECONDS = 1.0
RETRY_MILLISECONDS = 2000
USUAL_BATCH = 20
MOST = 500


@blueprint.record_once
def _make_room(state: BlueprintSetupState) -> None:
    state.app.extensions[STREAMS] = threading.BoundedSemaphore(STREAMS_AT_ONCE)


@blueprint.app_template_filter("card_step")
def card_step(step: str) -> str:
    """Return how far a card has come, in the language of the request."""
    return next((say(word) for word in CardStep if word.value == step), step)


@blueprint.route("/", methods=["GET", "POST"])
@allow(Role.CARD_CENTRE)
def index() -> Answer:
    """Show the batches, the readers and what waits; open a batch of the oldest approved cases."""
    problems: tuple[FieldProblem, ...] = ()
    status = 200
    if request.method == "POST":
        try:
            outcome = perform(_open())
        except RegistryError as error:
            problems, status = problems_of(error, "count"), status_of(error)
        else:
            flash(t("批次已開立。", "The batch is open."), "good")
            return redirect(url_for("line.batch", batch_id=outcome.created_id))
    with office().reading() as connection:
        waiting = {ca: len(line.candidates(connection, ca, MOST)) for ca in Ca}
        batches, more = line.batches(connection, whole_number(request.args.get("before", "")) or None)
        readers = line.line_readers(connection)
        in_quarantine = len(line.quarantined(connection))
    return render_template(
        "centre/line.html",
        waiting=waiting,
        batches=batches,
        more=more,
        readers=readers,
        in_quarantine=in_quarantine,
        problems=problems,
        typed=request.form,
        usual=USUAL_BATCH,
    ), status


def _open() -> OpenLineBatch:
    """Choose the oldest approved cases; another officer may take one of them meanwhile, and is told so."""
    asked = request.form.get("ca", "")
    ca = next((one for one in Ca if one == asked), None)
    count = min(max(whole_number(request.form.get("count", "")), 0), MOST)
    with office().reading() as connection:
        return OpenLineBatch(case_ids=line.candidates(connection, ca, count))


@blueprint.get("/<int(max=999999999999999):batch_id>/")
@allow(Role.CARD_CENTRE)
def batch(batch_id: int) -> Answer:
    """Show one batch and how far it is."""
    return _batch_page(batch_id)


def _batch_page(batch_id: int, problems: tuple[FieldProblem, ...] = ()) -> str:
    with office().reading() as connection:
        return render_template(
            "centre/batch.html",
            batch=line.batch(connection, batch_id),
            jobs=line.jobs(connection, batch_id),
            problems=problems,
        )


@blueprint.get("/<int(max=999999999999999):batch_id>/events")
@allow(Role.CARD_CENTRE)
def events(batch_id: int) -> Response:
    """Tell the batch's progress as server-sent events, read from the database by whichever process is asked.

    A stream ends after some seconds and the browser comes back by itself, so that no thread is held for long.
    """
    with office().reading() as connection:
        line.batch(connection, batch_id)
    answer = Response(stream_with_context(_told(batch_id)), mimetype="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _told(batch_id: int) -> Iterator[str]:
    room: threading.BoundedSemaphore = current_app.extensions[STREAMS]
    held = room.acquire(blocking=False)
    rounds = round(STREAM_SECONDS / PAUSE_SECONDS) if held else 1
    pause = threading.Event()
    before = ""
    try:
        yield f"retry: {RETRY_MILLISECONDS}\n\n"
        for number in range(rounds):
            if number:
                pause.wait(PAUSE_SECONDS)
            said, ended = _progress(batch_id)
            if said != before or ended:
                yield f"event: {'ended' if ended else 'progress'}\ndata: {said}\n\n"
            else:
                # A comment, which browsers pass over; it finds out that nobody listens any more.
                yield ":\n\n"
            before = said
            if ended:
                return
    finally:
        if held:
            room.release()


def _progress(batch_id: int) -> tuple[str, bool]:
    with office().reading() as connection:
        found = line.batch(connection, batch_id)
        shown = render_template(
            "centre/batch_progress.html", batch=found, jobs=line.jobs(connection, batch_id)
        )
    # JSON keeps the markup on one line, as an event's data must be.
    return json.dumps({"html": shown}, ensure_ascii=False), found.ended


@blueprint.post("/<int(max=999999999999999):batch_id>/stop/")
@allow(Role.CARD_CENTRE)
def stop(batch_id: int) -> Answer:
    """Take what nobody has begun off the line."""
    try:
        perform(StopLineBatch(batch_id=batch_id, reason=request.form.get("reason", "")))
    except RegistryError as error:
        if error.code != "case.reason_missing":
            raise
        return _batch_page(batch_id, beside_field(error)), status_of(error)
    flash(t("批次已停止。", "The batch is stopped."), "good")
    return redirect(url_for("line.batch", batch_id=batch_id))


@blueprint.post("/readers/return/")
@allow(Role.CARD_CENTRE)
def return_reader() -> Answer:
    """Put a reader that was set aside back into use."""
    perform(ReturnReader(reader=request.form.get("reader", "")))
    flash(t("讀卡機已恢復使用。", "The reader is back in use."), "good")
    return redirect(url_for("line.index"))


@blueprint.route("/quarantine/", methods=["GET", "POST"])
@allow(Role.CARD_CENTRE)
def quarantine() -> Answer:
    """Show the cards set aside with what is known of each; release one to the blanks, or spoil it."""
    problems: tuple[FieldProblem, ...] = ()
    status = 200
    if request.method == "POST":
        try:
            perform(_settle())
        except RegistryError as error:
            field = "outcome" if error.code in {"card.holds_keys", "stock.was_spoiled"} else "reason"
            problems, status = problems_of(error, field), status_of(error)
        else:
            flash(t("隔離卡片已處理。", "The card is settled."), "good")
            return redirect(url_for("line.quarantine"))
    with office().reading() as connection:
        found = line.quarantined(connection)
    return render_template(
        "centre/quarantine.html", found=found, problems=problems, typed=request.form
    ), status


def _settle() -> SettleQuarantined:
    return SettleQuarantined(
        csn=request.form.get("csn", ""),
        release=request.form.get("outcome") == "release",
        reason=request.form.get("reason", ""),
    )


COLUMNS = ("順序", "卡號", "晶片序號", "憑證機構", "卡別", "名稱", "生效日", "到期日", "罕用字")


@blueprint.get("/<int(max=999999999999999):batch_id>/faces.csv")
@allow(Role.CARD_CENTRE)
def faces_csv(batch_id: int) -> Response:
    """Give the card printer its table: one row a made card."""
    rows = [_cells(face) for face in _faces(batch_id)]
    return as_download(
        Response(to_csv([COLUMNS, *rows]), content_type=CSV_TYPE), f"card-faces-{batch_id}.csv"
    )


@blueprint.get("/<int(max=999999999999999):batch_id>/faces.json")
@allow(Role.CARD_CENTRE)
def faces_json(batch_id: int) -> Response:
    """Give the same as JSON, under English names."""
    said = [
        {
            "position": face.position,
            "card_number": face.card_number,
            "csn": face.csn,
            "ca": str(face.ca),
            "rank": str(face.rank) if face.rank else None,
            "name": face.name,
            "valid_from": face.valid_from.isoformat(),
            "valid_to": face.valid_to.isoformat(),
            "rare_characters": list(face.rare),
        }
        for face in _faces(batch_id)
    ]
    text = json.dumps(said, ensure_ascii=False, indent=1)
    return as_download(Response(text, mimetype="application/json"), f"card-faces-{batch_id}.json")


def _faces(batch_id: int) -> tuple[CardFace, ...]:
    with office().reading() as connection:
        line.batch(connection, batch_id)
        return card_faces(connection, batch_id)


def _cells(face: CardFace) -> tuple[str | int, ...]:
    return (
        face.position,
        face.card_number,
        face.csn,
        face.ca.zh,
        face.rank.zh if face.rank else "",
        face.name,
        face.valid_from.isoformat(),
        face.valid_to.isoformat(),
        " ".join(face.rare),
    )
