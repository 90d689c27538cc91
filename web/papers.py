"""The repository's front page: CA certificates, lists, CP, CPS and audit reports, and the rules in force (CRL-03)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import Blueprint, abort, render_template

from pki.described import describe
from web.access import public
from web.ports import office
from web.published import Publication, send
from web.security import limited
from workflow.authorities import bundle_path, crl_path, link_path
from workflow.views import papers
from workflow.views.root_links import root_links

if TYPE_CHECKING:
    from flask import Response

blueprint = Blueprint("papers", __name__)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_KIB = 1024


def in_words(size: int) -> str:
    """Return a size for people: bytes below one KiB, else KiB or MiB with one digit."""
    if size < _KIB:
        return f"{size} B"
    return f"{size / _KIB:.1f} KiB" if size < _KIB * _KIB else f"{size / _KIB / _KIB:.1f} MiB"


@blueprint.get("/repository/")
@public
def index() -> str:
    """List all that the repository holds."""
    now = office().clock.now()
    with office().reading() as connection:
        authorities = papers.authorities(connection)
        links = root_links(connection)
        documents = papers.documents(connection, now)
    return render_template(
        "repository/index.html",
        authorities=[(one, describe(one.der)) for one in authorities],
        links=links,
        named={one.name: one for one in authorities},
        link_path=lambda one, form: link_path(one.subject, one.name, form),
        documents=documents,
        rules=papers.rules_in_force(now),
        crl_path=crl_path,
        bundle_path=bundle_path,
        in_words=in_words,
    )


@blueprint.get("/repository/documents/<digest>")
@public
@limited("60 per minute", "GET")
def document(digest: str) -> Response:
    """Send a document; its address names its content, so caches may keep it (RFC 8246)."""
    if not _DIGEST.fullmatch(digest):
        abort(404)
    with office().reading() as connection:
        found = papers.content(connection, digest)
    if found is None:
        abort(404)
    content, line = found
    return send(Publication(content, line.media_type, line.at, immutable=True, file_name=line.file_name))
