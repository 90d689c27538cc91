"""The repository and the OCSP responder: what relying parties fetch, under the addresses written into certificates.

Lists and certificates are DER with the media types of RFC 2585 and RFC 5280; OCSP is RFC 6960 by POST and RFC 5019 by GET.
These pages set no cookie, need no log-in and are the same for everybody.
"""

from __future__ import annotations

from ssl import DER_cert_to_PEM_cert

from flask import Blueprint, Response, abort, request

from web.access import public
from web.ports import office
from web.published import Publication, send
from web.published_lists import send_list
from web.security import exempt, limited
from workflow import ocsp
from workflow.views import repository

blueprint = Blueprint("repository", __name__)
LISTS = "240 per minute"
"""From one address, behind which a whole agency may stand; each partition is asked for once a day."""
LARGEST_REQUEST = 64 * 1024
OCSP_ANSWER = "application/ocsp-response"
CERTIFICATE = "application/pkix-cert"
PEM = "application/x-pem-file"
BUNDLE = "application/pkcs7-mime"


def _file(content: bytes | None, media_type: str) -> Response:
    if content is None:
        abort(404)
    return send(Publication(content, media_type))


@blueprint.get("/repository/<authority>/CRL2/complete.crl")
@public
@limited(LISTS, "GET")
def complete_crl(authority: str) -> Response:
    """Return an authority's complete list."""
    return send_list(authority, 0)


@blueprint.get("/repository/<authority>/CRL2/CRL_<int(fixed_digits=4):partition>.crl")
@public
@limited(LISTS, "GET")
def partition_crl(authority: str, partition: int) -> Response:
    """Return one partition of an authority's list."""
    # Partition 0 is the complete list, which has an address of its own.
    return send_list(authority, partition) if partition else abort(404)


@blueprint.get("/repository/<authority>/Certs/<authority_again>.crt")
@public
def ca_certificate(authority: str, authority_again: str) -> Response:
    """Return an authority's certificate in DER (never PEM: relying parties fetch it by machine)."""
    found = repository.ca_certificate(office(), authority) if authority == authority_again else None
    return _file(found, CERTIFICATE)


@blueprint.get("/repository/<subject>/Certs/<subject_again>-by-<signer>.crt")
@public
def link_certificate(subject: str, subject_again: str, signer: str) -> Response:
    """Return the certificate over one root that another signed, in DER (RFC 4210 §4.4)."""
    found = repository.link_certificate(office(), subject, signer) if subject == subject_again else None
    return _file(found, CERTIFICATE)


@blueprint.get("/repository/<authority>/Certs/<name>.pem")
@public
def ca_certificate_pem(authority: str, name: str) -> Response:
    """Return an authority's certificate, or a link to it by its name, as PEM: for people, who install it by hand."""
    found = repository.certificate_beside(office(), authority, name)
    return _file(DER_cert_to_PEM_cert(found).encode() if found is not None else None, PEM)


@blueprint.get("/repository/<authority>/Certs/IssuedToThisCA.p7b")
@public
def issued_to_this_ca(authority: str) -> Response:
    """Return the certificates from an authority up to the root."""
    return _file(repository.issued_to(office(), authority), BUNDLE)


@blueprint.post("/OCSP/ocsp")
@public
@exempt
def ocsp_post() -> Response:
    """Answer a request in the body (RFC 6960 appendix A)."""
    # Clients name the media type as they like; what is no request is answered so.
    if (request.content_length or 0) > LARGEST_REQUEST:
        abort(413)
    return _answer(ocsp.answer(office(), request.get_data(cache=False)))


@blueprint.get("/OCSP/ocsp/", defaults={"encoded": ""})
@blueprint.get("/OCSP/ocsp/<path:encoded>")
@public
def ocsp_get(encoded: str) -> Response:
    """Answer a request in the path (RFC 5019 §5). The raw path is read, since base64 has slashes of its own."""
    raw = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or "")
    prefix = "/OCSP/ocsp/"
    path = raw.split("?", 1)[0].split(prefix, 1)[1] if prefix in raw else encoded
    return _answer(ocsp.answer_get(office(), path))


def _answer(answer: ocsp.Answer) -> Response:
    # Real time: an answer is signed for the asker, and no cache may keep it (CRL-05).
    return Response(answer.der, content_type=OCSP_ANSWER, headers={"Cache-Control": "no-store"})
