"""The plan of a key ceremony, as a TOML file that is agreed on beforehand."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pki.ceremony import DEMONSTRATION_ROOT
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
        backup = said["backup"]
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


def _plan(said: dict[str, Any], backup: dict[str, Any], office: Office) -> Plan:
    authorities = tuple(_authority(one, office) for one in said["authority"])
    if len({one.ca for one in authorities}) != len(authorities):
        raise ValueError("a CA stands in [[authority]] twice")
    words, holders = read_backup(backup, office)
    script = Script(_root(said["root"], office), authorities, words, holders)
    return Plan(
        tuple(map(str, said["witnesses"])),
        script,
        int(words.get("threshold", 0)),
        Path(words["directory"]) if holders else None,
        Path(said["record"]),
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
        return {"module": str(said["module"])}, ()
    holders, threshold = tuple(map(str, said["holders"])), int(said.get("threshold", THRESHOLD))
    if len(set(holders)) != len(holders) or not THRESHOLD <= threshold <= len(holders):
        raise ValueError(f"[backup] wants {THRESHOLD} or more of {COUNT} or so different holders")
    return {"holders": list(holders), "threshold": threshold, "directory": str(said["directory"])}, holders


def _root(said: dict[str, Any], office: Office) -> PlannedKey:
    _known(said, {"name", "key", "years"}, "[root]")
    name = said.get("name")
    if name is None and not office.settings.test_assurance:
        raise ValueError("[root] has no name, and only a demonstration has one of its own")
    subject = Subject(organisation=EXECUTIVE_YUAN, common_name=str(name)) if name else DEMONSTRATION_ROOT
    subject.to_der()
    return PlannedKey(FIRST_ROOT, subject, _kind(said, KeyKind.RSA_4096), int(said.get("years", 30)))


def _authority(said: dict[str, Any], office: Office) -> PlannedKey:
    _known(said, {"ca", "key", "years"}, "[[authority]]")
    ca = Ca(said["ca"])
    years = int(said.get("years", 20))
    return PlannedKey(str(ca), subject_of(office, ca), _kind(said, KeyKind.RSA_4096), years, ca)


def _kind(said: dict[str, Any], usual: KeyKind) -> KeyKind:
    return KeyKind(said["key"]) if "key" in said else usual


def _known(said: dict[str, Any], names: set[str], where: str) -> None:
    unknown = sorted(set(said) - names)
    if unknown:
        raise ValueError(f"{where} does not know {', '.join(unknown)}")
