"""Each house check finds what it is for and leaves the rest alone."""

from __future__ import annotations

import pytest

from tests.house import checks


def _lines(check: object, text: str, name: str = "workflow/a.py") -> list[int]:
    return [finding.line for finding in check(checks.Source(name, text))]  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        "now = datetime.now(UTC)",
        "now = datetime.datetime.utcnow()",
        "day = date.today()",
        "default_factory = datetime.now",
        "moment = time.time()",
        "from time import time",
    ],
)
def test_reading_the_clock_is_found(text: str) -> None:
    assert _lines(checks.no_clock_at_a_distance, f"\n{text}\n") == [2]


@pytest.mark.parametrize(
    "text", ["clock.now()", "time.monotonic()", "from time import sleep", "# datetime.now()"]
)
def test_other_uses_of_time_are_left_alone(text: str) -> None:
    assert _lines(checks.no_clock_at_a_distance, text) == []


def test_the_clock_itself_may_ask_the_time() -> None:
    assert _lines(checks.no_clock_at_a_distance, "datetime.now(UTC)", "ops/clock.py") == []


def test_a_commit_is_found_outside_the_store_only() -> None:
    text = "def f(session):\n    session.commit()\n"
    assert _lines(checks.no_commit_outside_the_unit_of_work, text) == [2]
    assert _lines(checks.no_commit_outside_the_unit_of_work, text, "workflow/store/unit_of_work.py") == []
    assert _lines(checks.no_commit_outside_the_unit_of_work, text, "workflow/storefront.py") == [2]


@pytest.mark.parametrize(
    "clause", ["except:", "except Exception:", "except BaseException as e:", "except (OSError, Exception):"]
)
def test_catching_everything_is_found(clause: str) -> None:
    text = f"try:\n    f()\n{clause}\n    pass\n"
    assert _lines(checks.no_broad_except, text) == [3]
    assert _lines(checks.no_broad_except, text, "ops/worker.py") == []


def test_cleaning_up_and_letting_the_error_pass_is_left_alone() -> None:
    text = "try:\n    f()\nexcept BaseException:\n    close()\n    raise\n"
    assert _lines(checks.no_broad_except, text) == []
    assert _lines(checks.no_broad_except, text.replace("Base", "")) == [3]


def test_catching_by_name_is_left_alone() -> None:
    assert _lines(checks.no_broad_except, "try:\n    f()\nexcept (OSError, ValueError):\n    raise\n") == []


def test_a_file_may_have_five_hundred_lines_and_no_more() -> None:
    assert _lines(checks.no_long_file, "a = 1\n" * 500) == []
    assert _lines(checks.no_long_file, "a = 1\n" * 501) == [501]


def test_a_function_may_have_fifty_lines_and_no_more() -> None:
    assert _lines(checks.no_long_function, "def f():\n" + "    a = 1\n" * 49) == []
    assert _lines(checks.no_long_function, "class A:\n    async def f(self):\n" + "        a = 1\n" * 50) == [
        2
    ]


@pytest.mark.parametrize("text", ["# TODO", "# TODO: later", "# FIXME this", "# TODO(#12):"])
def test_a_naked_todo_is_found(text: str) -> None:
    assert _lines(checks.no_naked_todo, text) == [1]


@pytest.mark.parametrize("text", ["# TODO(#12): read the six-digit postal codes.", "# a method", "TODOS = 1"])
def test_an_explained_todo_is_left_alone(text: str) -> None:
    assert _lines(checks.no_naked_todo, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "<script>go()</script>",
        '<script type="module">',
        "<style>p{}</style>",
        '<p\n   style="color:red">',
        '<a onclick="go()">',
        '<a href="javascript:go()">',
    ],
)
def test_inline_script_and_style_are_found(text: str) -> None:
    assert len(_lines(checks.no_inline_script_or_style, text, "templates/a.html")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "<script src=\"{{ url_for('static', filename='a.js') }}\"></script>",
        '<link rel="stylesheet" href="/a.css">',
        "<p>style = plain, on = off</p>",
        '<div data-style="x" data-once="y">',
    ],
)
def test_scripts_and_styles_in_files_are_left_alone(text: str) -> None:
    assert _lines(checks.no_inline_script_or_style, text, "templates/a.html") == []


def test_a_finding_names_its_place() -> None:
    finding = next(checks.no_broad_except(checks.Source("pki/a.py", "try:\n    f()\nexcept:\n    pass\n")))
    assert str(finding).startswith("pki/a.py:3: bare except")
