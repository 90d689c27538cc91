"""The operations of the programming interface that look things up; all read what the pages read."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from flask import abort

from pki.described import describe
from web import statistics as counted
from web.api import shapes
from web.api.declared import JSON, Asked, Operation, Parameter
from web.directory import BUNDLE, CERTIFICATE, PEM, after_of, in_form, seen_or_404
from web.ports import office
from web.published import Publication, send
from workflow.authorities import bundle_path, crl_path, link_path
from workflow.views import directory, papers
from workflow.views.directory import SearchBy
from workflow.views.root_links import root_links
from workflow.views.statistics import COLUMNS
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Response

    from workflow.views.directory import CertificateLine
    from workflow.views.root_links import LinkLine

FORMS = {"der": ("cer", CERTIFICATE), "pem": ("pem", PEM), "p7b": ("p7b", BUNDLE)}
_CA = Parameter("ca", ("憑證機構", "The CA"), choices=tuple(map(str, Ca)), in_path=True, required=True)
_SERIAL = Parameter(
    "serial", ("16 進位憑證序號", "Serial in hexadecimal"), "[0-9a-fA-F]{1,40}", in_path=True, required=True
)


def answered(shape: Any, *, max_age: int = 0, private: bool = False) -> Response:
    """Return an answer as JSON, with a validator; caches ask again each time unless `max_age` (seconds) is given.

    What is `private` is kept by no cache.
    """
    content = json.dumps(shapes.to_json(shape), ensure_ascii=False, separators=(",", ":")).encode()
    return send(Publication(content, JSON, max_age=max_age, private=private))


def _certificate(line: CertificateLine) -> shapes.Certificate:
    return shapes.Certificate(
        ca=str(line.ca),
        serial=line.serial,
        subject=line.subject,
        purpose=line.purpose,
        status=shapes.named(line.status),
        status_since=line.status_at,
        reason=shapes.named(line.reason) if line.reason else None,
        not_before=line.not_before,
        not_after=line.not_after,
        card_number=line.card_number or None,
        url=f"/api/v1/certificates/{line.ca}/{line.serial}",
    )


def _search(asked: Asked) -> Response:
    after = after_of(asked.get("after", ""))
    with office().reading() as connection:
        found = directory.find(connection, SearchBy(asked["by"]), asked["q"], office().clock.now(), after)
    following = None if found.after is None else str(found.after)
    return answered(shapes.CertificatePage(tuple(map(_certificate, found.lines)), following))


def _detail(asked: Asked) -> Response:
    seen = seen_or_404(asked["ca"], asked["serial"])
    words = describe(seen.der)
    statement = seen.practice_statement
    return answered(
        shapes.CertificateDetail(
            certificate=_certificate(seen.line),
            subject=tuple(shapes.Term(one.label, one.value) for one in words.subject),
            issuer=tuple(shapes.Term(one.label, one.value) for one in words.issuer),
            key=words.key,
            signature_algorithm=words.signature,
            sha256=words.sha256,
            issued_at=seen.issued_at,
            published_at=seen.published_at,
            policy_version=seen.policy_version,
            practice_statement=f"/repository/documents/{statement[2]}" if statement else None,
            der=base64.b64encode(seen.der).decode(),
        )
    )


def _file(asked: Asked) -> Response:
    seen = seen_or_404(asked["ca"], asked["serial"])
    ending, media_type = FORMS[asked["form"]]
    content, _media_type = in_form(seen, ending)
    return send(Publication(content, media_type, seen.published_at, 300))


def _authority(line: papers.AuthorityLine) -> shapes.Authority:
    return shapes.Authority(
        name=line.name,
        zh=line.zh,
        en=line.en,
        state=shapes.named(line.state),
        sha256=line.sha256,
        url=f"/repository/{line.name}/Certs/{line.name}.crt",
        bundle_url=bundle_path(line.name),
        der=base64.b64encode(line.der).decode(),
    )


def _authorities(_asked: Asked) -> Response:
    with office().reading() as connection:
        found = papers.authorities(connection)
    return answered(shapes.AuthorityList(tuple(map(_authority, found))), max_age=300)


def _root_links(_asked: Asked) -> Response:
    with office().reading() as connection:
        found = root_links(connection)
    return answered(shapes.RootLinkList(tuple(map(_root_link, found))), max_age=300)


def _root_link(line: LinkLine) -> shapes.RootLink:
    at, reason = line.revocation or (None, None)
    return shapes.RootLink(
        name=line.name,
        subject=line.subject,
        signer=line.signer,
        sha256=line.sha256,
        not_before=line.not_before,
        not_after=line.not_after,
        revoked_at=at,
        reason=shapes.named(reason) if reason else None,
        url=link_path(line.subject, line.name),
        der=base64.b64encode(line.der).decode(),
    )


def _authority_certificate(asked: Asked) -> Response:
    with office().reading() as connection:
        found = {line.name: line.der for line in papers.authorities(connection)}
    if asked["name"] not in found:
        abort(404)
    return send(Publication(found[asked["name"]], CERTIFICATE, max_age=300))


def _crls(asked: Asked) -> Response:
    with office().reading() as connection:
        found = papers.crls(connection)
    return answered(shapes.CrlList(tuple(_lists(found, asked.get("authority")))))


def _lists(found: tuple[papers.CrlLine, ...], authority: str | None) -> Iterator[shapes.Crl]:
    for one in found:
        if authority in (None, one.authority):
            yield shapes.Crl(
                authority=one.authority,
                partition=one.partition,
                number=one.number,
                entries=one.entries,
                size=one.size,
                this_update=one.this_update,
                next_update=one.next_update,
                url=crl_path(one.authority, one.partition),
            )


def _documents(_asked: Asked) -> Response:
    with office().reading() as connection:
        found = papers.documents(connection, office().clock.now())
    items = tuple(
        shapes.Document(
            kind=shapes.named(one.kind),
            ca=str(one.ca) if one.ca else None,
            title=one.title,
            version=one.version,
            in_force_from=one.in_force_from,
            in_force=one.in_force,
            size=one.size,
            sha256=one.sha256,
            url=f"/repository/documents/{one.sha256}",
        )
        for one in found
    )
    return answered(shapes.DocumentList(items), max_age=300)


def _statistics(asked: Asked) -> Response:
    chosen = counted.current().of(Ca(asked["ca"]) if "ca" in asked else None)
    rows = tuple(
        shapes.StatisticsRow(
            line.month,
            str(line.ca),
            shapes.named(line.kind) if line.kind else None,
            *(getattr(line.counts, name) for name in COLUMNS),
        )
        for line in chosen.lines
    )
    return answered(shapes.StatisticsTable(chosen.at, rows), max_age=600)


_AUTHORITY = ("憑證機構的代號，如 xca 或 xca-g2", "The name of an authority, such as xca or xca-g2")
_NAME = "[a-z][a-z0-9-]{1,39}"
LOOK_UPS: tuple[Operation, ...] = (
    Operation(
        "searchCertificates",
        "/certificates",
        ("以任一項資料查詢已公布的憑證（區分大小寫）", "Look published certificates up by any one thing; capitals count"),
        {JSON: shapes.CertificatePage},
        _search,
        (
            Parameter("by", ("查詢方式", "What to look up by"), choices=tuple(map(str, SearchBy)), required=True),
            Parameter("q", ("查詢內容", "What to look for"), required=True),
            Parameter("after", ("上一頁的 next", "`next` of the page before"), "[0-9]{1,15}"),
        ),
        refusals=(409,),
    ),
    Operation(
        "getCertificate",
        "/certificates/{ca}/{serial}",
        ("憑證的內容與目前狀態", "A certificate with its content and present status"),
        {JSON: shapes.CertificateDetail},
        _detail,
        (_CA, _SERIAL),
        refusals=(404,),
    ),
    Operation(
        "getCertificateFile",
        "/certificates/{ca}/{serial}/{form}",
        ("下載憑證：DER、PEM 或含串鏈的 PKCS#7", "A certificate as DER, PEM, or PKCS#7 with its chain"),
        {CERTIFICATE: None, PEM: None, BUNDLE: None},
        _file,
        (_CA, _SERIAL, Parameter("form", ("格式", "The form"), choices=tuple(FORMS), in_path=True, required=True)),
        refusals=(404,),
    ),
    Operation(
        "listAuthorities",
        "/authorities",
        ("憑證機構及其憑證", "The authorities and their certificates"),
        {JSON: shapes.AuthorityList},
        _authorities,
    ),
    Operation(
        "getAuthorityCertificate",
        "/authorities/{name}/certificate",
        ("憑證機構的憑證（DER）", "An authority's certificate in DER"),
        {CERTIFICATE: None},
        _authority_certificate,
        (Parameter("name", _AUTHORITY, _NAME, in_path=True, required=True),),
        refusals=(404,),
    ),
    Operation(
        "listRootLinks",
        "/root-links",
        ("根憑證之間的連結憑證", "The links between generations of the root"),
        {JSON: shapes.RootLinkList},
        _root_links,
    ),
    Operation(
        "listCrls",
        "/crls",
        ("最新的憑證廢止清冊", "The newest revocation lists"),
        {JSON: shapes.CrlList},
        _crls,
        (Parameter("authority", _AUTHORITY, _NAME),),
    ),
    Operation(
        "listDocuments",
        "/documents",
        ("憑證政策、作業基準與稽核報告", "Policies, practice statements and audit reports"),
        {JSON: shapes.DocumentList},
        _documents,
    ),
    Operation(
        "getStatistics",
        "/statistics",
        ("簽發統計", "Statistics of issued certificates"),
        {JSON: shapes.StatisticsTable},
        _statistics,
        (Parameter("ca", ("憑證機構", "The CA"), choices=tuple(map(str, Ca))),),
        rate="30 per minute",
    ),
)  # fmt: skip
