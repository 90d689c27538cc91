"""House rules that no general linter knows, as small checks on the syntax tree and on templates.

Each check takes a `Source` and yields findings; an exemption names its file and its reason.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROOMS = ("workflow", "forms", "pki", "hardware", "web", "ops", "migrations")
TEMPLATE_FOLDERS = ("templates", "web")
FILE_LINES = 500
FUNCTION_LINES = 50

# Time comes in as an argument everywhere else.
MAY_READ_THE_CLOCK = {
    "ops/clock.py": "the one clock from which all others take the time",
}
# What is written together is committed together, by the unit of work.
MAY_COMMIT = {
    "workflow/store/": "the unit of work and its tables",
    "ops/database.py": "opens and migrates databases, before any case exists",
    "migrations/": "a migration is its own transaction",
}
# The outermost loops: an unknown error is logged there and ends one request or one job, never the process.
MAY_CATCH_EVERYTHING = {
    "ops/line_runner.py": "what nobody foresaw at one reader must not stop it or the others",
    "ops/worker.py": "one failed job must not stop the others",
    "ops/ocsp/signing.py": "a batch that fails is answered `try later`, and the next one comes",
    "web/errors.py": "an unknown error becomes a blank page and a log line",
}
# Tables of data may be as long as what they tell.
MAY_BE_LONG: dict[str, str] = {}


@dataclass(frozen=True)
class Source:
    """A file of the project, named from its root."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.name)

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@dataclass(frozen=True)
class Finding:
    """A place where a house rule is broken."""

    name: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.name}:{self.line}: {self.message}"


def exempt(name: str, places: dict[str, str]) -> bool:
    """Say whether a file is listed, itself or by a folder that ends in a slash."""
    return any(name == place or (place.endswith("/") and name.startswith(place)) for place in places)


def python_sources(root: Path) -> list[Source]:
    """Read every module of the rooms."""
    return [
        Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for room in ROOMS
        for path in sorted((root / room).rglob("*.py"))
    ]


def templates(root: Path) -> list[Source]:
    """Read every page template."""
    return [
        Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for folder in TEMPLATE_FOLDERS
        for pattern in ("*.html", "*.jinja", "*.j2")
        for path in sorted((root / folder).rglob(pattern))
    ]


_CLOCKS = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime))$"
)


def no_clock_at_a_distance(source: Source) -> Iterator[Finding]:
    """Only the clock may ask what time it is."""
    if exempt(source.name, MAY_READ_THE_CLOCK):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and _CLOCKS.search(ast.unparse(node)):
            yield Finding(source.name, node.lineno, f"{ast.unparse(node)}: the time comes in as an argument")
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            for alias in node.names:
                if alias.name in {"time", "time_ns", "localtime", "gmtime"}:
                    yield Finding(
                        source.name, node.lineno, f"time.{alias.name}: the time comes in as an argument"
                    )


def no_commit_outside_the_unit_of_work(source: Source) -> Iterator[Finding]:
    """Only the store may commit."""
    if exempt(source.name, MAY_COMMIT):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield Finding(source.name, node.lineno, "commit() belongs to the unit of work in workflow/store")


def no_broad_except(source: Source) -> Iterator[Finding]:
    """An error is caught by its name, but for the outermost loops.

    `except BaseException` that ends in a bare `raise` cleans up and lets the error pass: nothing is caught.
    """
    if exempt(source.name, MAY_CATCH_EVERYTHING):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not _lets_pass(node):
            caught = "bare except" if node.type is None else f"except {ast.unparse(node.type)}"
            yield Finding(source.name, node.lineno, f"{caught}: catch the error that is meant, by its name")


def _lets_pass(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return (
        isinstance(handler.type, ast.Name)
        and handler.type.id == "BaseException"
        and isinstance(last, ast.Raise)
        and last.exc is None
    )


def _is_broad(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(ast.unparse(name).rsplit(".", 1)[-1] in {"Exception", "BaseException"} for name in names)


def no_long_file(source: Source) -> Iterator[Finding]:
    """A file that outgrew its subject is two files."""
    if len(source.lines) > FILE_LINES and not exempt(source.name, MAY_BE_LONG):
        yield Finding(source.name, len(source.lines), f"{len(source.lines)} lines, at most {FILE_LINES}")


def no_long_function(source: Source) -> Iterator[Finding]:
    """A function fits on a screen."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield Finding(
                    source.name, node.lineno, f"{node.name}: {length} lines, at most {FUNCTION_LINES}"
                )


_TODO = re.compile(r"\b(TODO|FIXME|XXX)\b(?P<rest>.*)")
_EXPLAINED = re.compile(r"\(#\d+\): \S+ \S+")


def no_naked_todo(source: Source) -> Iterator[Finding]:
    """Work put off names its issue and says what is missing."""
    for number, line in enumerate(source.lines, start=1):
        found = _TODO.search(line)
        if found and not _EXPLAINED.match(found["rest"]):
            yield Finding(
                source.name, number, f"{found[1]} without an explanation: write TODO(#12): what is missing"
            )


# The content security policy forbids what stands inline, so a page must not rely on it.
_INLINE = {
    "a script of its own": re.compile(r"<script\b(?![^>]*\bsrc\s*=)", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[a-z][^<>]*\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[a-z][^<>]*\son[a-z]+\s*=(?!=)", re.IGNORECASE),
    "a javascript: address": re.compile(r"=\s*[\"']?\s*javascript:", re.IGNORECASE),
}


def no_inline_script_or_style(source: Source) -> Iterator[Finding]:
    """A template leaves scripts and styles in files of their own."""
    for what, pattern in _INLINE.items():
        for found in pattern.finditer(source.text):
            line = source.text.count("\n", 0, found.end()) + 1
            yield Finding(source.name, line, f"{what}: the content security policy forbids it")


PYTHON_CHECKS: tuple[Callable[[Source], Iterator[Finding]], ...] = (
    no_clock_at_a_distance,
    no_commit_outside_the_unit_of_work,
    no_broad_except,
    no_long_file,
    no_long_function,
    no_naked_todo,
)
TEMPLATE_CHECKS: tuple[Callable[[Source], Iterator[Finding]], ...] = (
    no_inline_script_or_style,
    no_naked_todo,
)
