"""Joins the rules of the sources with what enforces and what proves them."""

from __future__ import annotations

import enum
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ops.rules import scan

DATA = Path(__file__).with_name("data.toml")
ROOT = Path(__file__).resolve().parents[2]


class RuleTableError(ValueError):
    """A citation or a marker names a rule that does not exist; the message lists every place."""


class Status(enum.StrEnum):
    """How far a rule has come."""

    OPEN = "open"
    ENFORCED = "enforced"
    PROVEN = "proven"


class Group(enum.StrEnum):
    """The two tables of `data.toml`: rules, and the questions that CAs answer differently."""

    RULES = "rules"
    PARAMETERS = "parameters"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the sources: `where` holds "path:line", `tests` holds "path::test"."""

    id: str
    ca: tuple[str, ...]
    title: str
    source: str
    status: Status
    where: tuple[str, ...]
    tests: tuple[str, ...]


def load(group: Group) -> list[dict[str, str | list[str]]]:
    """Return the declared entries of a group, in the order of the sources."""
    with DATA.open("rb") as handle:
        entries: list[dict[str, str | list[str]]] = tomllib.load(handle)[group]
    return entries


def known_ids() -> frozenset[str]:
    """Return every id that a citation or a marker may name."""
    return frozenset(str(entry["id"]) for group in Group for entry in load(group))


def collect(root: Path = ROOT, group: Group = Group.RULES) -> list[Rule]:
    """Return each rule with its status, by reading the sources and tests under `root`.

    A rule is proven when a test is marked with it, enforced when code cites it, and open otherwise.
    Raises RuleTableError when a citation or a marker names a rule that does not exist.
    """
    known = known_ids()
    cited, marked = scan.citations(root, known), scan.markers(root, known)
    if errors := [*cited.errors, *marked.errors]:
        raise RuleTableError("\n".join(errors))
    return [_joined(entry, cited.places, marked.places) for entry in load(group)]


def _joined(
    entry: dict[str, str | list[str]], cited: dict[str, list[str]], marked: dict[str, list[str]]
) -> Rule:
    rule = str(entry["id"])
    where, tests = tuple(cited.get(rule, ())), tuple(marked.get(rule, ()))
    return Rule(
        id=rule,
        ca=tuple(entry["ca"]),
        title=str(entry["title"]),
        source=str(entry["source"]),
        status=Status.PROVEN if tests else Status.ENFORCED if where else Status.OPEN,
        where=where,
        tests=tests,
    )
