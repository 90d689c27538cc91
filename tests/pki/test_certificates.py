from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pki import der
from pki.ceremony import Authority
from pki.certificates import read_certificate, read_tbs, split_certificate, verify_chain
from pki.errors import ChainRefusedError, DerRefusedError
from pki.issuing import new_serial, prepare, sign
from pki.keys import KeyKind, SoftwareSigner
from pki.names import organisation
from pki.orders import Addresses, CertificateOrder, Issuer
from pki.profiles import OCSP_RESPONDER, SUBORDINATE_CA

World = Any
ADDRESSES = Addresses(("http://crl.example/a.crl",), "http://crl.example/a.p7b", "http://ocsp.example/")
Orders = Callable[..., CertificateOrder]


@pytest.fixture(scope="module")
def chain(world: World, an_order: Orders) -> list[bytes]:
    return [world.issue(an_order()), world.xca, world.hierarchy.root]


def refusal(chain: list[bytes], at: datetime) -> str:
    with pytest.raises(ChainRefusedError) as refused:
        verify_chain(chain, at)
    return refused.value.code


def test_a_chain_from_holder_to_root_holds(chain: list[bytes], now: datetime) -> None:
    verify_chain(chain, now)
    verify_chain(chain[1:], now)
    verify_chain(chain[2:], now)


def test_a_chain_does_not_hold_before_or_after_its_time(chain: list[bytes], now: datetime) -> None:
    assert refusal(chain, now - timedelta(seconds=1)) == "pki.chain.time"
    assert refusal(chain, now + timedelta(days=6 * 366)) == "pki.chain.time"


def test_a_chain_over_another_authority_does_not_hold(
    chain: list[bytes], world: World, now: datetime
) -> None:
    gca = world.hierarchy.authorities[Authority.GCA]
    assert refusal([chain[0], gca, chain[2]], now) == "pki.chain.name"


def test_a_chain_with_a_link_missing_does_not_hold(chain: list[bytes], now: datetime) -> None:
    assert refusal([chain[0], chain[2]], now) == "pki.chain.name"
    assert refusal(chain[:2], now) == "pki.chain.name"
    assert refusal([], now) == "pki.chain.empty"


def test_a_holder_is_no_issuer(chain: list[bytes], now: datetime) -> None:
    assert refusal([chain[0], *chain], now) == "pki.chain.not_a_ca"


def test_a_ca_below_a_ca_of_path_length_zero_does_not_hold(
    chain: list[bytes], world: World, now: datetime
) -> None:
    signer = SoftwareSigner.generate(KeyKind.P256)
    # An issuer that keeps its path length to itself is let through, as a careless CA would be.
    careless = replace(world.issuer(), fields=None)
    order = CertificateOrder(
        SUBORDINATE_CA, organisation("下屬機構"), signer.spki_der, new_serial(), now, ADDRESSES
    )
    prepared = prepare(order, careless)
    below = sign(prepared.tbs_der, prepared.tbs_sha256, careless, world.xca_signer)
    verify_chain([below, *chain[1:]], now)
    leaf_order = CertificateOrder(
        OCSP_RESPONDER, organisation("回應"), world.xca_signer.spki_der, new_serial(), now
    )
    prepared = prepare(leaf_order, Issuer.from_certificate(below))
    leaf = sign(prepared.tbs_der, prepared.tbs_sha256, Issuer.from_certificate(below), signer)
    assert refusal([leaf, below, *chain[1:]], now) == "pki.chain.path_length"


def test_a_critical_extension_that_is_not_understood_is_found(chain: list[bytes], now: datetime) -> None:
    flagged = der.sequence(der.oid("2.5.29.17"), der.boolean(value=True), der.octet_string(b""))
    tbs = with_part(chain, 7, der.explicit(3, der.sequence(flagged)))
    _, algorithm, signature = split_certificate(chain[0])
    broken = der.sequence(tbs, algorithm, der.bit_string(signature))
    assert refusal([broken, *chain[1:]], now) == "pki.chain.critical"


def test_a_flipped_bit_anywhere_in_the_signature_is_found(chain: list[bytes], now: datetime) -> None:
    broken = chain[0][:-1] + bytes((chain[0][-1] ^ 1,))
    assert refusal([broken, *chain[1:]], now) == "pki.chain.signature"


def test_a_changed_name_is_found(chain: list[bytes], now: datetime) -> None:
    broken = chain[0].replace("國立".encode(), "私立".encode())
    assert refusal([broken, *chain[1:]], now) == "pki.chain.signature"


def test_another_outer_algorithm_is_found(chain: list[bytes], now: datetime) -> None:
    tbs, _, signature = split_certificate(chain[0])
    other = der.sequence(der.oid("1.2.840.113549.1.1.13"), der.null())
    broken = der.sequence(tbs, other, der.bit_string(signature))
    assert refusal([broken, *chain[1:]], now) == "pki.chain.algorithm"


def test_a_certificate_of_another_issuing_key_is_found(chain: list[bytes], now: datetime) -> None:
    identifier = read_certificate(chain[1]).subject_key_identifier
    assert identifier is not None
    broken = chain[0].replace(identifier, bytes(20))
    assert refusal([broken, *chain[1:]], now) == "pki.chain.key_identifier"


@given(st.binary(max_size=100))
def test_random_bytes_are_no_certificate(data: bytes) -> None:
    for read in (read_certificate, read_tbs):
        with pytest.raises(DerRefusedError):
            read(data)


def test_bytes_that_are_no_certificate_make_no_chain(chain: list[bytes], now: datetime) -> None:
    assert refusal([b"\x30\x00", *chain[1:]], now) == "pki.chain.unreadable"


def with_part(chain: list[bytes], number: int, part: bytes) -> bytes:
    parts = [element.encoded for element in der.read(split_certificate(chain[0])[0]).children()]
    parts[number] = part
    return der.sequence(*parts)


EXTENSION = der.sequence(der.oid("2.5.29.14"), der.octet_string(b""))


@pytest.mark.parametrize(
    ("number", "part"),
    [
        (4, der.sequence()),
        (4, der.sequence(der.tlv(der.UTC_TIME, b"2611210200Z"), der.tlv(der.UTC_TIME, b"261121020000Z"))),
        (4, der.sequence(der.null(), der.null())),
        (7, der.explicit(3, der.sequence(EXTENSION, EXTENSION))),
        (7, der.explicit(3, der.sequence(der.sequence(der.oid("2.5.29.14"))))),
        (7, der.explicit(3)),
        (0, der.explicit(0, der.integer(1))),
    ],
)
def test_a_certificate_with_a_broken_field_is_refused(number: int, part: bytes, chain: list[bytes]) -> None:
    with pytest.raises(DerRefusedError):
        read_tbs(with_part(chain, number, part))


def test_years_before_2000_are_read_as_such(chain: list[bytes]) -> None:
    times = der.sequence(der.tlv(der.UTC_TIME, b"991231235959Z"), der.tlv(der.UTC_TIME, b"491231235959Z"))
    fields = read_tbs(with_part(chain, 4, times))
    assert (fields.not_before.year, fields.not_after.year) == (1999, 2049)
