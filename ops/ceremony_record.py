"""The signed record of a ceremony as files: the statement with its signatures in JSON, and the paper."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from forms.sheets.key_record import KeyRecord, Witness, key_record
from forms.sheets.table import Field
from workflow.days import taipei_day
from workflow.paper import office_fonts
from workflow.store import schema as t
from workflow.vocabulary import KeyTask, KeyTaskState, Role

if TYPE_CHECKING:
    from pathlib import Path

    from workflow.office import Office


K = t.key_task.c
_STEPWISE = (str(KeyTask.CEREMONY), str(KeyTask.ROLLOVER))


class NoRecordError(Exception):
    """There is no such ceremony, it was not held to its end, or its record can't be written where it was asked for."""


def write_record(office: Office, number: int, directory: Path) -> tuple[Path, Path]:
    """Write the record of a task that was carried out as `ceremony-N.json` and `.pdf`; returns both paths."""
    with office.reading() as connection:
        row = connection.execute(
            sa.select(t.key_task).where(
                K.id == number, K.task.in_(_STEPWISE), K.state == str(KeyTaskState.DONE)
            )
        ).first()
    # A CA's roll-over is recorded too, and takes no ceremony.
    if row is None or "steps" not in json.loads(row.record)["record"]:
        raise NoRecordError(f"沒有編號 {number} 的典禮紀錄。 There is no record of a ceremony {number}.")
    said = {
        "plan": {"statement": row.plan, "signatures": row.plan_signatures},
        "record": {"statement": row.record, "signatures": row.record_signatures},
    }
    written, paper = directory / f"ceremony-{number}.json", directory / f"ceremony-{number}.pdf"
    printed = key_record(_sheet(row), office_fonts(office))
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        written.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        paper.write_bytes(printed)
    except OSError as error:
        raise NoRecordError(
            f"紀錄已保存於系統，但無法寫入 {directory}（{error.strerror}）。請以 guanfang ca record {number} --out 資料夾 另行寫出。"
            f" The record is kept here and could not be written to {directory}: {error.strerror}. Write it with"
            f" `guanfang ca record {number} --out DIR`."
        ) from error
    return written, paper


def _sheet(row: Any) -> KeyRecord:
    record = json.loads(row.record)["record"]
    return KeyRecord(
        number=str(row.id),
        held_on=taipei_day(row.at).isoformat(),
        steps=tuple(
            Field(f"{place}. {one['at'][11:16]} UTC", _step(one))
            for place, one in enumerate(record["steps"], 1)
        ),
        keys=tuple(Field(one["authority"], _key(one)) for one in record["keys"]),
        backup=tuple(
            Field(
                one["authority"], f"{one['place']}　SHA-256 {one['sha256']}　分持 shares {one['share_set']}"
            )
            for one in record["backups"]
        )
        or (Field("硬體模組", "由模組自行備援。 The module's own backup is needed.", "Module"),),
        witnesses=tuple(_witness(one) for one in row.record_signatures),
        digest=sha256(row.record.encode()).hexdigest(),
    )


def _step(one: dict[str, str]) -> str:
    facts = "　".join(f"{name} {one[name]}" for name in sorted(set(one) - {"at", "zh", "en"}))
    return f"{one['zh']} {one['en']}　{facts}"


def _key(one: dict[str, Any]) -> str:
    return f"{one['subject']}　{one['key']}，{one['years']} 年 years　{one['place']}　SHA-256 {one['sha256']}"


def _witness(one: dict[str, Any]) -> Witness:
    role = Role(one["role"])
    digest = sha256(bytes.fromhex(one["signature"])).hexdigest()
    return Witness(one["name"], f"{role.zh} {role.en}", one["login"], digest)
