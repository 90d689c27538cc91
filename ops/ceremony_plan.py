"""The plan of a key ceremony, as a TOML file that is agreed on beforehand."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pki.ceremony import DEMONSTRATION_ROOT, name_of_generation
from pki.errors import KeyRefusedError, NameRefusedError
from pki.keys import KeyKind
from pki.keystores import SOFTWARE
from pki.names import EXECUTIVE_YUAN, Subject
from pki.shares import COUNT, THRESHOLD
from workflow.ceremonies import PlannedKey, Script, subject_of
from workflow.store.roots import FIRST_ROOT
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from workflow.office import Office


E = TypeVar("E", bound=Enum)
MOST_YEARS: Final = 30
LATEST_GENERATION: Final = 99


class PlanError(Exception):
    """A plan that can't be followed; the message names the place and what would be right."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A ceremony's plan: who is present, what is made, and where the copies and the record go.

    `copies` is empty where the token's own means take the backup.
    """

    witnesses: tuple[str, ...]
    script: Script
    threshold: int
    copies: Path | None
    record: Path


def read_plan(path: Path, office: Office) -> Plan:
    """Read a plan; PlanError for one that is not whole, or that says what nobody knows."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        _known(said, {"witnesses", "record", "root", "authority", "backup"}, "the plan")
        backup = _table(said, "backup")
        _known(
            backup, {"module"} if "module" in backup else {"directory", "holders", "threshold"}, "[backup]"
        )
        plan = _plan(said, backup, office)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"{path} 不是 TOML 檔。 {path} is no TOML file: {error}") from error
    except KeyError as error:
        raise PlanError(f"計畫缺少 {error}。 The plan does not say {error}.") from error
    except (ValueError, TypeError, NameRefusedError, KeyRefusedError) as error:
        raise PlanError(f"計畫內容有誤。 The plan is wrong: {error}") from error
    return plan


def require_places(plan: Plan) -> None:
    """Raise PlanError where copies or record can't lie as planned, which is better known before any key is made."""
    try:
        if plan.copies is not None and plan.copies.exists() and any(plan.copies.iterdir()):
            raise PlanError(_not_there("[backup] directory", plan.copies, "不是空的", "is not empty"))
        if plan.record.exists() and not plan.record.is_dir():
            raise PlanError(_not_there("record", plan.record, "不是資料夾", "is no folder"))
    except OSError as error:
        where = Path(error.filename or plan.record)
        raise PlanError(
            _not_there("[backup] directory / record", where, "無法使用", f"{error.strerror}")
        ) from error


def _not_there(name: str, path: Path, zh: str, en: str) -> str:
    return f"{name}：{path} {zh}，請改指定其他資料夾。 {name}: {path} {en}. Name another folder."


def _plan(said: dict[str, Any], backup: dict[str, Any], office: Office) -> Plan:
    authorities = tuple(_authority(one, office) for one in _tables(said, "authority"))
    if len({one.ca for one in authorities}) != len(authorities):
        raise ValueError("a CA stands in [[authority]] twice")
    words, holders = read_backup(backup, office)
    script = Script(_root(_table(said, "root"), office), authorities, words, holders)
    return Plan(
        _texts(said, "witnesses", "the plan"),
        script,
        int(words.get("threshold", 0)),
        Path(words["directory"]) if holders else None,
        Path(_text(said, "record", "the plan")),
    )


def read_backup(said: dict[str, Any], office: Office) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the backup in words, and the holders of its shares; none where the token's own means take it.

    ValueError for one that can't be; KeyRefusedError where the keystore can't be reached.
    """
    if "module" in said:
        if office.keystore.place() == SOFTWARE:
            raise ValueError(
                "[backup] module is for keys in a token; software keys want holders and a directory"
            )
        return {"module": _text(said, "module", "[backup]")}, ()
    holders, threshold = _texts(said, "holders", "[backup]"), said.get("threshold", THRESHOLD)
    if (
        not isinstance(threshold, int)
        or len(set(holders)) != len(holders)
        or not THRESHOLD <= threshold <= len(holders)
    ):
        raise ValueError(f"[backup] wants {THRESHOLD} or more of {COUNT} or so different holders")
    directory = _text(said, "directory", "[backup]")
    return {"holders": list(holders), "threshold": threshold, "directory": directory}, holders


def _root(said: dict[str, Any], office: Office) -> PlannedKey:
    _known(said, {"name", "key", "years"}, "[root]")
    name = _text(said, "name", "[root]") if "name" in said else None
    if name is None and not office.settings.test_assurance:
        raise ValueError("[root] has no name, and only a demonstration has one of its own")
    subject = Subject(organisation=EXECUTIVE_YUAN, common_name=name) if name else DEMONSTRATION_ROOT
    # The roots after it bear its name with their number.
    name_of_generation(subject, LATEST_GENERATION).to_der()
    return PlannedKey(FIRST_ROOT, subject, _kind(said, "[root]"), _years(said, 30, "[root]"))


def _authority(said: dict[str, Any], office: Office) -> PlannedKey:
    where = "[[authority]]"
    _known(said, {"ca", "key", "years"}, where)
    ca = _one_of(Ca, _text(said, "ca", where), f"{where} ca")
    return PlannedKey(str(ca), subject_of(office, ca), _kind(said, where), _years(said, 20, where), ca)


def _kind(said: dict[str, Any], where: str) -> KeyKind:
    return _one_of(KeyKind, _text(said, "key", where), f"{where} key") if "key" in said else KeyKind.RSA_4096


def _years(said: dict[str, Any], usual: int, where: str) -> int:
    years = said.get("years", usual)
    if not isinstance(years, int) or not 1 <= years <= MOST_YEARS:
        raise ValueError(f"{where} years is a number from 1 to {MOST_YEARS}")
    return years


def _one_of(kinds: type[E], value: str, where: str) -> E:
    try:
        return kinds(value)
    except ValueError:
        known = ", ".join(str(one.value) for one in kinds)
        raise ValueError(f"{where} is {value!r}, and there are {known}") from None


def _text(said: dict[str, Any], name: str, where: str) -> str:
    value = said[name]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where} says {name} as a text in quotes")
    return value


def _texts(said: dict[str, Any], name: str, where: str) -> tuple[str, ...]:
    values = said[name]
    if not isinstance(values, list) or not values or not all(isinstance(one, str) for one in values):
        raise ValueError(f'{where} says {name} as a list of texts, such as ["ada", "ben"]')
    return tuple(values)


def _table(said: dict[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(said[name], dict):
        raise TypeError(f"[{name}] is a table of its own")
    return dict(said[name])


def _tables(said: dict[str, Any], name: str) -> list[dict[str, Any]]:
    values = said[name]
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise ValueError(f"[[{name}]] is a table for each CA")
    return values


def _known(said: dict[str, Any], names: set[str], where: str) -> None:
    unknown = sorted(set(said) - names)
    if unknown:
        raise ValueError(f"{where} does not know {', '.join(unknown)}")
