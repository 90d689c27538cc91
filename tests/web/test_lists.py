"""Lists over HTTP: fetched once, asked for again cheaply, and gone on with where a download was torn."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from cryptography import x509

from tests.workflow.lists import XCA, Lists
from tests.workflow.registry import START
from web import list_file
from web.app import create_app
from web.ports import WebPorts
from web.repository import LISTS
from workflow.authorities import OCSP_PATH, crl_path
from workflow.crl_scope import partition_number
from workflow.views import repository
from workflow.vocabulary import StatusChange

COMPLETE = crl_path(XCA, 0)


@pytest.fixture
def lists(migrated_sqlite_url):
    made = Lists(migrated_sqlite_url)
    yield made
    made.close()


@pytest.fixture
def client(lists):
    app = create_app(WebPorts(office=lists.office, secret_key="s" * 40, rate_limits=False))
    return app.test_client()


@pytest.mark.rule("CRL-01")
def test_a_list_says_how_long_it_is_good_for(lists, client):
    assert client.get(COMPLETE).status_code == 404, "before the first list"
    lists.publish()
    lists.clock.move(hours=1)
    answer = client.get(COMPLETE)
    assert answer.content_type == "application/pkix-crl"
    assert answer.cache_control.public
    assert answer.cache_control.max_age == 23 * 3600
    assert parsedate_to_datetime(answer.headers["Expires"]) == START + timedelta(hours=24)
    assert parsedate_to_datetime(answer.headers["Last-Modified"]) == START
    assert x509.load_der_x509_crl(answer.data).next_update_utc == START + timedelta(hours=24)


def test_an_expired_list_is_still_served_and_never_kept(lists, client):
    lists.publish()
    fresh = client.get(COMPLETE)
    lists.clock.move(hours=25)
    expired = client.get(COMPLETE)
    assert (expired.status_code, expired.data) == (200, fresh.data)
    assert (expired.cache_control.max_age, expired.cache_control.must_revalidate) == (0, True)
    assert parsedate_to_datetime(expired.headers["Expires"]) < lists.clock.now()


def test_who_has_the_list_is_not_sent_it_again(lists, client):
    lists.publish()
    first = client.get(COMPLETE)
    again = client.get(COMPLETE, headers={"If-None-Match": first.headers["ETag"]})
    since = client.get(COMPLETE, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert (again.status_code, again.data) == (since.status_code, since.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    lists.clock.move(minutes=1)
    lists.publish()
    fresh = client.get(COMPLETE, headers={"If-None-Match": first.headers["ETag"]})
    assert fresh.status_code == 200
    assert fresh.headers["ETag"] != first.headers["ETag"]


def test_head_tells_all_but_the_bytes_and_a_range_gives_some(lists, client):
    serial = 5
    lists.change(StatusChange.REVOKE, lists.certificate(serial))
    lists.publish()
    path = crl_path(XCA, partition_number(serial))
    whole, head = client.get(path), client.head(path)
    assert head.data == b""
    for name in ("Content-Length", "ETag", "Last-Modified", "Cache-Control", "Content-Type"):
        assert head.headers[name] == whole.headers[name], name
    rest = client.get(path, headers={"Range": "bytes=100-", "If-Range": whole.headers["ETag"]})
    assert rest.status_code == 206
    assert rest.data == whole.data[100:]


@pytest.mark.parametrize(
    "path", [crl_path("nobody", 0), crl_path(XCA, 9), f"/repository/{XCA}/CRL2/CRL_0000.crl"]
)
def test_a_list_that_is_none_is_not_found(path, lists, client):
    lists.publish()
    assert client.get(path).status_code == 404


def test_only_the_slices_that_are_sent_are_read(lists, client, monkeypatch):
    lists.publish()
    whole = client.get(COMPLETE)
    read = []
    slice_of = repository.slice_of

    def noted(office, published, begin, size):
        read.append((begin, size))
        return slice_of(office, published, begin, size)

    monkeypatch.setattr(repository, "slice_of", noted)
    monkeypatch.setattr(list_file, "SLICE", 64)
    size = len(whole.data)
    ranges = {"bytes=0-9": (0, 10), f"bytes={size - 70}-": (size - 70, size), "bytes=-5": (size - 5, size)}
    for asked, (begin, end) in ranges.items():
        read.clear()
        part = client.get(COMPLETE, headers={"Range": asked})
        assert (part.status_code, part.data) == (206, whole.data[begin:end])
        assert part.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{size}"
        assert min(at for at, _ in read) == begin
    read.clear()
    beyond = client.get(COMPLETE, headers={"Range": f"bytes={size}-"})
    assert beyond.status_code == 416
    assert client.head(COMPLETE).headers["Accept-Ranges"] == "bytes"
    assert read == []
    assert client.get(COMPLETE).data == whole.data
    assert max(wanted for _, wanted in read) == 64


def test_lists_are_fetched_so_often_and_no_more(lists):
    lists.publish()
    app = create_app(WebPorts(office=lists.office, secret_key="s" * 40))
    client = app.test_client()
    rate = int(LISTS.split()[0])
    statuses = [client.head(COMPLETE).status_code for _ in range(rate + 1)]
    assert statuses == [200] * rate + [429]
    assert client.get(crl_path(XCA, 1)).status_code == 200


def test_an_ocsp_path_without_a_request_is_answered_as_malformed(lists, client):
    for path in (OCSP_PATH + "/", OCSP_PATH + "/!!"):
        answer = client.get(path)
        assert (answer.status_code, answer.content_type) == (200, "application/ocsp-response")
        assert answer.data == bytes.fromhex("30030a0101")
