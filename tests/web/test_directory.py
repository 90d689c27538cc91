from __future__ import annotations

import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7

from web.published import disposition
from workflow.store import schema as s


@pytest.fixture
def serial(house):
    return house.repository()


@pytest.mark.rule("STA-02")
@pytest.mark.parametrize(
    ("by", "text"),
    [
        ("name", "O=農會, L=金門縣"),
        ("oid", "2.16.886.111.7"),
        ("email", "office@example.tw"),
        ("serial", "2"),
    ],
)
def test_a_visitor_finds_status_and_validity(visitor, serial, by, text):
    page = visitor.get("/certificates/", query_string={"by": by, "q": text})
    assert page.status_code == 200
    assert serial in page.text
    assert "有效" in page.text
    assert "民國115年11月20日" in page.text


def test_a_search_that_makes_no_sense_says_what_would(visitor):
    for by, text, said in (
        ("name", "農", "至少 2 個字"),
        ("serial", "金門", "16 進位"),
        ("name", "", "請輸入"),
    ):
        page = visitor.get("/certificates/", query_string={"by": by, "q": text})
        assert page.status_code == 400
        assert said in page.text
    assert visitor.get("/certificates/?by=nonsense&q=x%00y&after=-1").status_code == 200


def test_what_was_typed_is_never_taken_for_markup(visitor):
    page = visitor.get("/certificates/", query_string={"q": '"><script>x</script>'}).text
    assert "<script>x" not in page


def test_a_certificate_is_shown_in_words(visitor, serial):
    page = visitor.get(f"/certificates/xca/{serial}/").text
    for said in ("L=金門縣, O=農會", "數位簽章", "組織 OID：2.16.886.111.7", "office@example.tw", "憑證實務作業基準 2.0", "xca-2"):  # fmt: skip
        assert said in page, said
    assert "superseded" not in page
    revoked = visitor.get(f"/certificates/xca/{1:032x}/").text
    assert "廢止" in revoked
    assert "已取代" in revoked


@pytest.mark.rule("CRL-03")
def test_a_certificate_is_downloaded_in_three_forms(client, serial, tmp_path):
    der = client.get(f"/certificates/xca/{serial}.cer")
    pem = client.get(f"/certificates/xca/{serial}.pem")
    bundle = client.get(f"/certificates/xca/{serial}.p7b")
    assert der.mimetype == "application/pkix-cert"
    assert x509.load_pem_x509_certificate(pem.data) == x509.load_der_x509_certificate(der.data)
    assert len(pkcs7.load_der_pkcs7_certificates(bundle.data)) == 3
    file = tmp_path / "c.cer"
    file.write_bytes(der.data)
    command = ["openssl", "x509", "-inform", "DER", "-in", str(file), "-noout", "-serial"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout.strip().lower().endswith(serial.lstrip("0").zfill(2))
    assert f'filename="{serial}.cer"' in der.headers["Content-Disposition"]


def test_a_download_is_sent_once_and_then_confirmed(client, serial):
    path = f"/certificates/xca/{serial}.cer"
    first = client.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=300"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    since = client.get(path, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert (again.status_code, since.status_code, again.data) == (304, 304, b"")
    head = client.head(path)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", first.headers["ETag"])
    assert head.headers["Content-Length"] == str(len(first.data))


@pytest.mark.rule("CRL-08")
def test_the_repository_is_only_read(app, client, serial):
    for rule in app.url_map.iter_rules():
        if rule.endpoint.split(".")[0] in {"directory", "papers"}:
            assert rule.methods == {"GET", "HEAD", "OPTIONS"}, rule
    for method in (client.post, client.put, client.delete):
        # A post is refused for its missing token before its method is.
        assert method(f"/certificates/xca/{serial}.cer").status_code in {400, 405}


def test_what_is_withdrawn_or_unknown_looks_the_same(client, house, serial):
    key = house.rows(s.certificate, serial=serial)[0].id
    house.update(s.certificate, key, withdrawn_at=house.office.clock.now())
    for path in ("/", ".cer", ".pem", ".p7b"):
        assert client.get(f"/certificates/xca/{serial}{path}").status_code == 404
        assert client.get(f"/certificates/gca/{serial}{path}").status_code == 404
        assert client.get(f"/certificates/root/{'f' * 32}{path}").status_code == 404


@pytest.mark.rule("CRL-03")
def test_the_repository_lists_what_it_holds(visitor, serial):
    page = visitor.get("/repository/").text
    for said in (
        "IssuedToThisCA.p7b",
        "分割清冊 1",
        "2.0 KiB",
        "外部稽核報告",
        "現行",
        "xca-2",
        "民國109年1月1日",
    ):
        assert said in page, said
    assert page.count("現行</span>") == 2
    assert serial


def test_a_document_is_kept_by_caches_for_good(client, house, serial):
    row = house.rows(s.published_document, version="2.0")[0]
    answer = client.get(f"/repository/documents/{row.sha256}")
    assert (answer.data, answer.mimetype) == (b"%PDF-2.0", "application/pdf")
    assert "immutable" in answer.headers["Cache-Control"]
    assert "filename*=UTF-8''%E4%BD%9C" in answer.headers["Content-Disposition"]
    assert client.get(f"/repository/documents/{'0' * 64}").status_code == 404
    assert client.get("/repository/documents/..%2f").status_code == 404
    assert serial


def test_a_file_name_can_not_break_out_of_its_header():
    assert disposition('a"b\r\nX: y.pdf') == (
        "attachment; filename=\"a_b__X__y.pdf\"; filename*=UTF-8''a%22b%0D%0AX%3A%20y.pdf"
    )


def test_an_empty_repository_says_so(visitor):
    page = visitor.get("/repository/").text
    assert "尚未成立" in page
    assert "尚未公布文件" in page


def test_a_certificate_without_extensions_we_know_is_shown_all_the_same(visitor, house):
    serial = house.published((("C", "TW"), ("CN", "x")), email=None, oid=None)
    assert visitor.get(f"/certificates/xca/{serial}/").status_code == 200


def test_authorities_and_lists_are_confirmed_instead_of_sent_again(client, serial):
    for path in ("/repository/xca/Certs/xca.crt", "/repository/xca/CRL2/complete.crl"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code, again.data) == (200, 304, b""), path
    assert serial
