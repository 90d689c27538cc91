"""Log lines are JSON and hold no secret, wherever it was put."""

from __future__ import annotations

import io
import json
import logging

import pytest

from ops import logs


@pytest.fixture
def lines():
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("INFO", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)


def test_a_line_says_when_who_and_what(lines):
    logging.getLogger("guanfang.test").info("卡片 %s", "made", extra={"lane": "card", "piece": 7})
    (line,) = lines()
    assert (line["level"], line["logger"], line["message"]) == ("INFO", "guanfang.test", "卡片 made")
    assert (line["lane"], line["piece"]) == ("card", 7)
    assert line["at"].endswith("+00:00")


@pytest.mark.parametrize("name", ["user_code", "pin", "puk", "password", "PASSPHRASE", "Cookie"])
def test_a_field_named_like_a_secret_is_hidden_however_deep(lines, name):
    log = logging.getLogger("guanfang.test")
    log.info("x", extra={"given": {name: "hunter2", "list": [{name: "hunter2"}]}})
    log.info("command %s=hunter2, next", name)
    log.info("command %(given)s", {name: "hunter2", "given": f'{{"{name}": "hunter2"}}'})
    assert "hunter2" not in json.dumps(lines())
    assert len(lines()) == 3


def test_an_error_keeps_its_trace_and_loses_its_secret(lines):
    try:
        int("refused: password=hunter2")
    except ValueError:
        logging.getLogger("guanfang.test").exception("failed")
    (line,) = lines()
    assert "ValueError" in line["error"]
    assert "hunter2" not in line["error"]


def test_numbers_of_cases_are_not_taken_for_secrets(lines):
    logging.getLogger("guanfang.test").info("case_number=04001 pinned=1 code path")
    assert lines()[0]["message"] == "case_number=04001 pinned=1 code path"
