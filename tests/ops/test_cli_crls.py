"""Lists from the command line: shown with what worries an operator, and published at once when somebody says so."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ops.clock import SystemClock
from tests.ops.test_cli import guanfang
from tests.workflow.lists import XCA, Lists
from workflow.store import schema as t
from workflow.vocabulary import StatusChange

__all__ = ["guanfang"]


@pytest.fixture
def lists(migrated_sqlite_url):
    made = Lists(migrated_sqlite_url, passphrase=b"p" * 40)
    made.url = migrated_sqlite_url
    yield made
    made.close()


def test_lists_are_published_and_shown(guanfang, lists):
    url = lists.url
    assert guanfang("crl", "show", url=url).exit_code == 1
    dry = guanfang("crl", "publish", url=url)
    assert "Add --yes" in dry.output
    assert lists.rows(t.crl) == []
    assert "number 1" in guanfang("crl", "publish", "--authority", XCA, "--yes", url=url).output
    shown = guanfang("crl", "show", "--authority", XCA, "--partition", "0", url=url)
    assert shown.exit_code == 0, shown.output
    assert "xca, complete" in shown.output
    assert "Warning" not in shown.output
    (told,) = lists.rows(t.audit_entry, t.audit_entry.c.kind == "crl_published")
    assert "command-line" in str(tuple(told))


def test_worries_are_shown(guanfang, lists):
    url = lists.url
    guanfang("crl", "publish", "--yes", url=url)
    lists.change(StatusChange.REVOKE, lists.certificate(1, not_after=SystemClock().now().replace(year=2099)))
    lists.update(t.crl_entry, sa.true(), der=b"")
    refused = guanfang("crl", "publish", "--yes", url=url)
    assert refused.exit_code == 1
    assert "pki.crl.count" in refused.output
    lists.update(t.crl, t.crl.c.partition == 1, this_update=SystemClock().now().replace(year=2000))
    shown = guanfang("crl", "show", url=url).output
    assert "past half its life" in shown
    assert "waits for the next list" in shown
    assert "refused 1 times" in shown
    lists.update(t.crl, t.crl.c.partition == 2, next_update=SystemClock().now())
    expired = guanfang("crl", "show", url=url)
    assert expired.exit_code == 1
    assert "xca/2" in expired.output


def test_an_unknown_authority_is_named(guanfang, lists):
    result = guanfang("crl", "publish", "--authority", "nobody", "--yes", url=lists.url)
    assert result.exit_code == 1
    assert "there are: xca" in result.output
