from __future__ import annotations

import base64
import contextlib
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from asn1crypto import ocsp as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as library
from hypothesis import given
from hypothesis import strategies as st

from pki import der
from pki.ceremony import Authority
from pki.certificates import read_certificate
from pki.errors import OcspMalformedError, ResponderRefusedError
from pki.issuing import new_serial
from pki.ocsp import (
    NotRevoked,
    OcspError,
    Responder,
    Revoked,
    Status,
    answer,
    decode_get_path,
    error_response,
    parse_request,
    respond,
)
from pki.ocsp_request import MOST_CERTIFICATES
from pki.reasons import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pki.keys import SoftwareSigner
    from pki.orders import CertificateOrder

World = Any
NONCE = bytes(range(16))
SHA1 = der.sequence(der.oid("1.3.14.3.2.26"), der.null())


def request(world: World, serial: int, algorithm: hashes.HashAlgorithm, nonce: bytes | None = None) -> bytes:
    issuer = world.issuer()
    key = der.read(issuer.spki_der).children()[1].content[1:]
    name_hash, key_hash = (hashlib.new(algorithm.name, value).digest() for value in (issuer.name_der, key))
    builder = library.OCSPRequestBuilder().add_certificate_by_hash(name_hash, key_hash, serial, algorithm)
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def a_request(*cert_ids: bytes, extensions: bytes = b"", version: bytes = b"") -> bytes:
    asked = der.sequence(*(der.sequence(cert_id) for cert_id in cert_ids))
    return der.sequence(der.sequence(version, asked, extensions))


def from_register(known: dict[int, Status]) -> Callable[[int], Status]:
    return lambda serial: known.get(serial, NotRevoked.UNKNOWN)


def good(_serial: int) -> Status:
    return NotRevoked.GOOD


ALGORITHMS = [hashes.SHA1(), hashes.SHA256()]  # noqa: S303 - RFC 5019 clients ask with SHA-1


def cert_id(world: World, serial: int) -> bytes:
    return parse_request(request(world, serial, ALGORITHMS[0])).certificates[0].encoded


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=["sha1", "sha256"])
@pytest.mark.rule("CRL-05")
def test_a_certificate_is_good_revoked_or_unknown_as_the_register_says(
    algorithm: hashes.HashAlgorithm, world: World, responder: Responder, now: datetime
) -> None:
    standing, revoked = new_serial(), new_serial()
    register = from_register(
        {standing: NotRevoked.GOOD, revoked: Revoked(now, RevocationReason.CERTIFICATE_HOLD)}
    )

    def ask(serial: int) -> library.OCSPResponse:
        return library.load_der_ocsp_response(
            answer(request(world, serial, algorithm), register, responder, now)
        )

    assert ask(standing).certificate_status is library.OCSPCertStatus.GOOD
    held = ask(revoked)
    assert held.certificate_status is library.OCSPCertStatus.REVOKED
    assert held.revocation_time_utc == now
    assert held.revocation_reason is x509.ReasonFlags.certificate_hold
    assert ask(new_serial()).certificate_status is library.OCSPCertStatus.UNKNOWN


@pytest.mark.rule("CRL-05")
def test_a_response_names_its_times_its_responder_and_its_certificate(
    world: World, responder: Responder, now: datetime
) -> None:
    der_response = answer(request(world, new_serial(), hashes.SHA256(), NONCE), good, responder, now)
    response = library.load_der_ocsp_response(der_response)
    assert response.produced_at_utc == response.this_update_utc == now
    assert response.next_update_utc == now + timedelta(hours=12)
    assert response.responder_name is not None
    assert response.signature_algorithm_oid.dotted_string == "1.2.840.113549.1.1.11"
    assert [found.public_bytes for found in response.certificates]
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == NONCE
    parsed = asn1.OCSPResponse.load(der_response)
    data = parsed["response_bytes"]["response"].parsed["tbs_response_data"]
    extensions = {
        entry["extn_id"].dotted: entry["extn_value"].contents for entry in data["response_extensions"]
    }
    assert read_certificate(world.xca).subject_key_identifier in extensions["2.5.29.35"]


@dataclass(frozen=True)
class Asked:
    """Two issued certificates and the question about them that openssl wrote."""

    leaf: bytes
    second: bytes
    question: bytes
    register: Callable[[int], Status]


@pytest.fixture(params=["-sha1", "-sha256"])
def asked(
    request: pytest.FixtureRequest,
    world: World,
    now: datetime,
    an_order: Callable[..., CertificateOrder],
    run_tool: Callable[..., str],
    tmp_path: Path,
) -> Asked:
    order, other = an_order(), an_order()
    leaf, second = world.issue(order), world.issue(other)
    done = run_tool(
        "openssl", "ocsp", request.param, "-issuer", "{ca_pem}", "-cert", "{leaf_pem}", request.param,
        "-cert", "{second_pem}", "-reqout", "{question}", ca=world.xca, leaf=leaf, second=second, question=b"",
    )  # fmt: skip
    assert done.startswith("0\n"), done
    standing, revoked = NotRevoked.GOOD, Revoked(now, RevocationReason.SUPERSEDED)
    register = from_register({order.serial: standing, other.serial: revoked})
    return Asked(leaf, second, (tmp_path / "question.der").read_bytes(), register)


def test_openssl_accepts_the_answer_to_its_own_question(
    asked: Asked, world: World, responder: Responder, now: datetime, run_tool: Callable[..., str]
) -> None:
    question = parse_request(asked.question)
    assert len(question.certificates) == 2
    assert question.nonce is not None
    response = respond(question, asked.register, responder, now)
    shown = run_tool(
        "openssl", "ocsp", "-reqin", "{question}", "-respin", "{response}", "-resp_text", "-CAfile", "{root_pem}",
        "-verify_other", "{ca_pem}", "-attime", str(int(now.timestamp()) + 60),
        ca=world.xca, response=response, question=asked.question, root=world.hierarchy.root,
    )  # fmt: skip
    assert "Response verify OK" in shown, shown
    assert "nonce" not in shown
    assert shown.count("Cert Status: good") == shown.count("Cert Status: revoked") == 1
    assert "Revocation Reason: superseded" in shown


def test_a_certificate_of_another_authority_is_unknown_and_never_looked_up(
    world: World, responder: Responder, now: datetime
) -> None:
    gca = world.issuer(Authority.GCA)
    key = der.read(gca.spki_der).children()[1].content[1:]
    hashed = (
        der.octet_string(hashlib.new("sha1", value, usedforsecurity=False).digest())
        for value in (gca.name_der, key)
    )
    foreign = der.sequence(SHA1, *hashed, der.integer(5))

    def never(serial: int) -> Status:
        raise AssertionError(serial)

    assert status_of(answer(a_request(foreign), never, responder, now)) == ["unknown"]


def test_a_certid_with_a_hash_we_do_not_know_is_unknown(responder: Responder, now: datetime) -> None:
    md5 = der.sequence(der.oid("1.2.840.113549.2.5"), der.null())
    odd = der.sequence(md5, der.octet_string(bytes(16)), der.octet_string(bytes(16)), der.integer(5))
    assert status_of(answer(a_request(odd), good, responder, now)) == ["unknown"]


def status_of(response: bytes) -> list[str]:
    data = asn1.OCSPResponse.load(response)["response_bytes"]["response"].parsed["tbs_response_data"]
    return [single["cert_status"].name for single in data["responses"]]


def test_every_certificate_asked_about_is_answered_in_its_order(
    world: World, responder: Responder, now: datetime
) -> None:
    serials = [new_serial() for _ in range(3)]
    revoked = Revoked(now, RevocationReason.UNSPECIFIED)
    register = from_register({serials[0]: NotRevoked.GOOD, serials[2]: revoked})
    response = answer(a_request(*(cert_id(world, serial) for serial in serials)), register, responder, now)
    assert status_of(response) == ["good", "unknown", "revoked"]


def test_a_response_without_a_nonce_asked_for_has_none(
    world: World, responder: Responder, now: datetime
) -> None:
    response = library.load_der_ocsp_response(
        answer(request(world, 5, hashes.SHA256()), good, responder, now)
    )
    with pytest.raises(x509.ExtensionNotFound):
        response.extensions.get_extension_for_class(x509.OCSPNonce)


def test_a_response_never_outlives_the_responders_certificate(
    world: World, responder: Responder, now: datetime
) -> None:
    late = responder.fields.not_after - timedelta(hours=1)
    question = parse_request(request(world, 5, hashes.SHA256()))
    response = library.load_der_ocsp_response(respond(question, good, responder, late))
    assert response.next_update_utc == responder.fields.not_after
    for moment in (responder.fields.not_after, now - timedelta(days=1)):
        with pytest.raises(ResponderRefusedError, match="not valid now"):
            respond(question, good, responder, moment)


def test_a_responder_needs_its_own_certificate_from_its_own_authority(
    world: World, responder: Responder, holder_key: SoftwareSigner, an_order: Callable[..., CertificateOrder]
) -> None:
    with pytest.raises(ResponderRefusedError, match="another key"):
        Responder(holder_key, responder.certificate_der, world.xca)
    with pytest.raises(ResponderRefusedError, match="not for OCSP"):
        Responder(holder_key, world.issue(an_order()), world.xca)
    with pytest.raises(ResponderRefusedError, match="name"):
        Responder(responder.signer, responder.certificate_der, world.hierarchy.authorities[Authority.GCA])


@pytest.mark.rule("CRL-06")
def test_a_responders_certificate_is_short_lived_and_not_checked_itself(responder: Responder) -> None:
    parsed = x509.load_der_x509_certificate(responder.certificate_der)
    assert parsed.not_valid_after_utc - parsed.not_valid_before_utc < timedelta(days=8)
    assert parsed.extensions.get_extension_for_class(x509.OCSPNoCheck)
    assert parsed.signature_algorithm_oid.dotted_string == "1.2.840.113549.1.1.11"
    key = parsed.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048


def test_a_responders_certificate_is_clean_to_pkilint(
    responder: Responder, run_tool: Callable[..., str]
) -> None:
    shown = run_tool("lint_pkix_cert", "lint", "-s", "WARNING", "{leaf}", leaf=responder.certificate_der)
    assert shown == "0\n\n\n"


@given(st.binary(max_size=120))
def test_random_bytes_are_answered_as_malformed(data: bytes) -> None:
    with pytest.raises(OcspMalformedError):
        parse_request(data)


@given(changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_request_with_octets_changed_is_read_or_malformed(
    world: World, changes: list[tuple[int, int]]
) -> None:
    broken = bytearray(request(world, 5, hashes.SHA256(), NONCE))
    for place, octet in changes:
        broken[place % len(broken)] = octet
    with contextlib.suppress(OcspMalformedError):
        parse_request(bytes(broken))


@given(st.integers(0, 1 << 158), st.none() | st.binary(min_size=1, max_size=128))
def test_a_request_is_read_as_the_library_wrote_it(serial: int, nonce: bytes | None) -> None:
    builder = library.OCSPRequestBuilder().add_certificate_by_hash(
        b"n" * 32, b"k" * 32, serial, hashes.SHA256()
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    parsed = parse_request(builder.build().public_bytes(Encoding.DER))
    (asked,) = parsed.certificates
    found = (asked.hash_name, asked.issuer_name_hash, asked.issuer_key_hash, asked.serial)
    assert found == ("sha256", b"n" * 32, b"k" * 32, serial)
    assert parsed.nonce == (None if nonce is None else der.octet_string(nonce))


@given(st.binary(min_size=1, max_size=200))
def test_a_get_path_is_decoded_however_the_client_wrote_it(tail: bytes) -> None:
    wanted = der.sequence(tail)
    text = base64.b64encode(wanted).decode()
    for path in (
        text,
        f"/{text}",
        quote(text, safe=""),
        quote(text),
        text.rstrip("="),
        text.replace("+", " "),
    ):
        assert decode_get_path(path) == wanted


@pytest.mark.parametrize("path", ["/M!", "/%ff", "關防", "A" * 40000, "M"])
def test_a_get_path_that_is_not_base64_is_malformed(path: str) -> None:
    with pytest.raises(OcspMalformedError):
        decode_get_path(path)


def extension(oid: str, critical: bool = False, value: bytes = b"") -> bytes:
    flag = der.boolean(value=True) if critical else b""
    return der.sequence(der.oid(oid), flag, der.octet_string(value))


def extensions(*values: bytes) -> bytes:
    return der.explicit(2, der.sequence(*values))


ID = der.sequence(SHA1, der.octet_string(bytes(20)), der.octet_string(bytes(20)), der.integer(5))
SHORT = der.sequence(SHA1, der.octet_string(bytes(19)), der.octet_string(bytes(20)), der.integer(5))
NONCE_OID = "1.3.6.1.5.5.7.48.1.2"


@pytest.mark.parametrize(
    "malformed",
    [
        b"",
        b"\x30\x00",
        a_request(),
        a_request(*[ID] * (MOST_CERTIFICATES + 1)),
        a_request(ID, version=der.explicit(0, der.integer(1))),
        a_request(ID) + b"\x00",
        a_request(SHORT),
        a_request(der.sequence()),
        a_request(ID, extensions=extensions(extension("1.2.3", critical=True))),
        a_request(ID, extensions=extensions(extension("1.2.3"), extension("1.2.3"))),
        a_request(ID, extensions=extensions(extension(NONCE_OID))),
        a_request(ID, extensions=extensions(extension(NONCE_OID, value=bytes(132)))),
        a_request(ID, extensions=extensions(der.sequence(der.oid("1.2.3")))),
        a_request(ID, extensions=der.explicit(2)),
        a_request(ID, extensions=extensions() * 2),
        der.sequence(der.sequence(der.sequence(der.sequence()))),
        der.sequence(der.sequence(der.sequence(der.sequence(ID))), der.null()),
        der.sequence(
            der.sequence(
                der.sequence(
                    der.sequence(ID, der.explicit(0, der.sequence(extension("1.2.3", critical=True))))
                )
            )
        ),
        bytes(20000),
    ],
)
def test_a_malformed_request_is_answered_so(malformed: bytes, responder: Responder, now: datetime) -> None:
    response = answer(malformed, good, responder, now)
    assert response == error_response(OcspError.MALFORMED_REQUEST) == bytes.fromhex("30030a0101")


def test_what_a_request_may_carry_besides_is_passed_over() -> None:
    asked = der.sequence(der.sequence(ID, der.explicit(0, der.sequence(extension("1.2.3")))))
    head = der.explicit(0, der.integer(0)) + der.explicit(1, der.tlv(0x82, b"a.example"))
    tbs = der.sequence(head, asked, extensions(extension("1.2.4")))
    request = parse_request(der.sequence(tbs, der.explicit(0, der.sequence())))
    assert [found.serial for found in request.certificates] == [5]
    assert request.nonce is None


def test_an_answer_without_a_status_says_why() -> None:
    for error in OcspError:
        parsed = library.load_der_ocsp_response(error_response(error))
        assert parsed.response_status.value == error.value
