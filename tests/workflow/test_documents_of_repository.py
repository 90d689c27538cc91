from __future__ import annotations

from datetime import date

import pytest

from workflow.commands_of_repository import PublishDocument, WithdrawDocument
from workflow.errors import BadInput, NotAllowed, NotFound, Refused
from workflow.store import schema as t
from workflow.views import papers
from workflow.vocabulary import PublishedKind


def paper(**values):
    fields = {
        "kind": PublishedKind.CPS, "ca": None, "title": "憑證實務作業基準", "version": "1.0", "in_force_from": date(2026, 1, 1),
        "file_name": "../../etc/作業基準.PDF", "content": b"%PDF-1.7 x",
    }  # fmt: skip
    return PublishDocument(**(fields | values))


def listed(registry):
    with registry.office.reading() as connection:
        return papers.documents(connection, registry.clock.now())


@pytest.mark.rule("CRL-03")
def test_a_document_is_placed_listed_and_read(registry):
    digest = registry.do(paper(), registry.operator).number
    (line,) = listed(registry)
    assert (line.file_name, line.media_type, line.size) == ("作業基準.PDF", "application/pdf", 10)
    assert (line.sha256, line.in_force) == (digest, True)
    with registry.office.reading() as connection:
        assert papers.content(connection, digest)[0] == b"%PDF-1.7 x"
    assert "%PDF" not in str(registry.rows(t.audit_entry))
    assert "document_published" in registry.audit_kinds()


def test_the_newest_that_holds_is_in_force(registry):
    for version, day in (("1.0", date(2020, 1, 1)), ("2.0", date(2025, 1, 1)), ("3.0", date(2030, 1, 1))):
        registry.do(paper(version=version, in_force_from=day), registry.operator)
    assert [(one.version, one.in_force) for one in listed(registry)] == [
        ("3.0", False),
        ("2.0", True),
        ("1.0", False),
    ]


def test_a_withdrawn_document_is_gone_but_its_row_stays(registry):
    digest = registry.do(paper(), registry.operator).number
    registry.do(WithdrawDocument(sha256=digest, reason="誤植"), registry.operator)
    assert listed(registry) == ()
    with registry.office.reading() as connection:
        assert papers.content(connection, digest) is None
    assert len(registry.rows(t.published_document)) == 1
    with pytest.raises(NotFound):
        registry.do(WithdrawDocument(sha256=digest, reason="再次"), registry.operator)
    with pytest.raises(Refused, match="reason"):
        registry.do(WithdrawDocument(sha256=digest, reason=" "), registry.operator)


def test_a_version_is_placed_once_and_by_its_keepers(registry):
    registry.do(paper(), registry.operator)
    with pytest.raises(Refused, match="version_exists"):
        registry.do(paper(content=b"%PDF- other"), registry.operator)
    with pytest.raises(NotAllowed):
        registry.do(paper(version="2"), registry.officer)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"file_name": "cps.html"}, "content"), ({"content": b"<html>"}, "content"), ({"content": b""}, "content"),
        ({"title": " "}, "title"), ({"version": ""}, "version"), ({"version": "9" * 41}, "version"),
        ({"content": b"%PDF-" + bytes(20 * 1024 * 1024)}, "content"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_in_words(small_registry, values, field):
    with pytest.raises(BadInput) as refused:
        small_registry.do(paper(**values), small_registry.operator)
    assert [problem.field for problem in refused.value.problems] == [field]
