"""Looking up published certificates and downloading them (憑證查詢及下載, STA-02)."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from flask import Blueprint, abort, render_template, request

from pki.ceremony import p7b
from pki.described import describe
from web.access import public
from web.errors import problems_of, status_of
from web.ports import office
from web.published import Publication, send
from web.security import limited
from workflow.errors import RegistryError
from workflow.views import directory, repository
from workflow.views.directory import SearchBy
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from flask import Response

    from workflow.views.directory import CertificateSeen

blueprint = Blueprint("directory", __name__)
_DIGITS = 15
LINE = 64
CERTIFICATE, PEM, BUNDLE = "application/pkix-cert", "application/x-pem-file", "application/pkcs7-mime"


def after_of(text: str) -> int | None:
    """Return where the last page of results ended; None for anything that is no row's number."""
    return int(text) if re.fullmatch(rf"[0-9]{{1,{_DIGITS}}}", text) else None


@blueprint.get("/certificates/")
@public
@limited("60 per minute", "GET")
def search() -> str | tuple[str, int]:
    """Look certificates up by any one thing."""
    by = SearchBy(request.args["by"]) if request.args.get("by") in list(SearchBy) else SearchBy.NAME
    text = request.args.get("q")
    shown: dict[str, object] = {
        "by": by,
        "ways": tuple(SearchBy),
        "q": text or "",
        "found": None,
        "problems": (),
    }
    if text is None:
        return render_template("directory/search.html", **shown)
    try:
        with office().reading() as connection:
            found = directory.find(
                connection, by, text, office().clock.now(), after_of(request.args.get("after", ""))
            )
    except RegistryError as error:
        shown["problems"] = problems_of(error, "q")
        return render_template("directory/search.html", **shown), int(status_of(error))
    return render_template("directory/search.html", **(shown | {"found": found}))


def seen_or_404(ca: str, serial: str) -> CertificateSeen:
    """Return a published certificate; 404 alike for what never was, is not published or was withdrawn."""
    if ca not in list(Ca):
        abort(404)
    with office().reading() as connection:
        found = directory.published(connection, Ca(ca), serial, office().clock.now())
    if found is None:
        abort(404)
    return found


@blueprint.get("/certificates/<ca>/<serial>/")
@public
@limited("120 per minute", "GET")
def certificate(ca: str, serial: str) -> str:
    """Show a certificate in words, with its status and its chain."""
    seen = seen_or_404(ca, serial)
    chain = [describe(one) for one in repository.chain(office(), seen.line.authority)]
    return render_template("directory/certificate.html", seen=seen, words=describe(seen.der), chain=chain)


@blueprint.get("/certificates/<ca>/<serial>.<any(cer, pem, p7b):form>")
@public
@limited("120 per minute", "GET")
def download(ca: str, serial: str, form: str) -> Response:
    """Send a certificate as DER, as PEM, or with its chain as PKCS#7."""
    seen = seen_or_404(ca, serial)
    content, media_type = in_form(seen, form)
    # A holder may withdraw it, so caches ask again after five minutes.
    return send(
        Publication(content, media_type, seen.published_at, 300, file_name=f"{seen.line.serial}.{form}")
    )


def in_form(seen: CertificateSeen, form: str) -> tuple[bytes, str]:
    """Return a certificate's bytes in a form (`cer`, `pem` or `p7b`) with the media type."""
    match form:
        case "pem":
            return pem(seen.der), PEM
        case "p7b":
            return p7b([seen.der, *repository.chain(office(), seen.line.authority)]), BUNDLE
        case _:
            return seen.der, CERTIFICATE


def pem(der: bytes) -> bytes:
    """Return a certificate in the textual form of RFC 7468."""
    encoded = base64.b64encode(der).decode()
    lines = [encoded[at : at + LINE] for at in range(0, len(encoded), LINE)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]).encode()
