"""Finds rule ids in source code and on tests."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ROOMS = ("workflow", "forms", "pki", "hardware", "web", "ops", "migrations", "templates")
SUFFIXES = frozenset({".py", ".html", ".toml"})
# The table itself names every rule, which enforces none.
OWN_FOLDER = ("ops", "rules")


@dataclass(slots=True)
class Findings:
    """Places by rule id, and what was wrong on the way (each with its place)."""

    places: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)


def pattern(known: Iterable[str]) -> re.Pattern[str]:
    """Return what a rule id looks like, as a whole word, judged by the prefixes of the known ones."""
    prefixes = "|".join(sorted({rule.rsplit("-", 1)[0] for rule in known}))
    return re.compile(rf"(?<![\w-])(?:{prefixes})-\d\d(?!\w)")


def citations(root: Path, known: frozenset[str]) -> Findings:
    """Find where code, comments, docstrings and templates cite a rule, as "path:line".

    An id with a known prefix and an unknown number is an error: a slip of the pen must not look like a citation.
    """
    found = Findings()
    looks_like_a_rule = pattern(known)
    for path in _sources(root):
        name = path.relative_to(root).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for rule in dict.fromkeys(looks_like_a_rule.findall(line)):
                if rule in known:
                    found.places[rule].append(f"{name}:{number}")
                else:
                    found.errors.append(f"{name}:{number}: unknown rule {rule}")
    return found


def _sources(root: Path) -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            parts = path.relative_to(root).parts
            if path.suffix in SUFFIXES and "__pycache__" not in parts and parts[:2] != OWN_FOLDER:
                yield path


def markers(root: Path, known: frozenset[str]) -> Findings:
    """Find which tests carry `@pytest.mark.rule(...)`, as "path::test" or "path::Class::test".

    A marker counts on the test, on its class, in `pytestmark`, and on a parameter set. Ids must be literal strings.
    """
    found = Findings()
    for path in sorted((root / "tests").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        module = ast.parse(path.read_text(encoding="utf-8"), filename=name)
        _walk(module.body, _Scope(name, name, known, found), inherited=[])
    return found


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where in a test file the walk stands: `node` is the pytest name so far."""

    path: str
    node: str
    known: frozenset[str]
    found: Findings

    def inside(self, name: str) -> _Scope:
        return _Scope(self.path, f"{self.node}::{name}", self.known, self.found)

    def note(self, rules: Iterable[str]) -> None:
        for rule in dict.fromkeys(rules):
            self.found.places[rule].append(self.node)

    def rules_in(self, nodes: Iterable[ast.AST]) -> list[str]:
        """Return the ids of every rule marker within these expressions, noting the wrong ones."""
        rules = []
        for argument in _marker_arguments(nodes):
            value = argument.value if isinstance(argument, ast.Constant) else None
            if isinstance(value, str) and value in self.known:
                rules.append(value)
            else:
                said = (
                    f"unknown rule {value}"
                    if isinstance(value, str)
                    else "a rule id must be a literal string"
                )
                self.found.errors.append(f"{self.path}:{argument.lineno}: {said}")
        return rules


def _marker_arguments(nodes: Iterable[ast.AST]) -> Iterator[ast.expr]:
    for node in nodes:
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.rule":
                yield from call.args


def _walk(body: list[ast.stmt], scope: _Scope, inherited: list[str]) -> None:
    """Visit the tests of a module or class, which inherit the rules of their surroundings."""
    for statement in body:
        if isinstance(statement, ast.Assign) and _names(statement) == ["pytestmark"]:
            inherited = inherited + scope.rules_in([statement.value])
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name.startswith(
            "test"
        ):
            scope.inside(statement.name).note(inherited + scope.rules_in(statement.decorator_list))
        elif isinstance(statement, ast.ClassDef):
            rules = inherited + scope.rules_in(statement.decorator_list)
            _walk(statement.body, scope.inside(statement.name), rules)
        elif isinstance(statement, ast.Assign):
            # A hypothesis state machine becomes a test by `TestReset = ResetMachine.TestCase`.
            for name in _names(statement):
                if name.startswith("Test") and ast.unparse(statement.value).endswith(".TestCase"):
                    scope.inside(name).note(inherited)


def _names(statement: ast.Assign) -> list[str]:
    return [target.id for target in statement.targets if isinstance(target, ast.Name)]
