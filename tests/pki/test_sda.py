from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pki import der
from pki.errors import AttributesRefusedError, DerRefusedError
from pki.sda import CARD_RANK_OID, SUBJECT_TYPE_OID, CardRank, DirectoryAttributes, read_attributes

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = {
    "school_secondary": DirectoryAttributes(
        "2.16.886.1.100.3.2.11", CardRank.SECONDARY, organisation_oid="2.16.886.111.90005.90003.100004"
    ),
    "server": DirectoryAttributes("2.16.886.1.100.3.3.1"),
    "company_primary": DirectoryAttributes(
        "2.16.886.1.100.3.2.2.1.1", CardRank.PRIMARY, enterprise_number="82675132"
    ),
}
OIDS = st.lists(st.integers(0, 1 << 40), min_size=1, max_size=6).map(
    lambda arcs: ".".join(("2", "16", *map(str, arcs)))
)
ATTRIBUTES = st.builds(
    DirectoryAttributes,
    OIDS,
    st.none() | st.sampled_from(CardRank),
    st.none() | st.from_regex(r"\A[0-9]{4}\Z"),
    st.none() | st.from_regex(r"\A[0-9]{8}\Z"),
    st.none() | OIDS,
)


def attribute(kind: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of(*values))


@pytest.mark.parametrize("name", GOLDEN)
def test_the_bytes_of_real_certificates_come_out_identical(
    name: str, vectors: Callable[[str], dict[str, bytes]]
) -> None:
    golden = vectors("directory_attributes.txt")[name]
    assert GOLDEN[name].to_der() == golden
    assert read_attributes(golden) == GOLDEN[name]


@given(ATTRIBUTES)
def test_attributes_are_read_back_as_they_were_written(attributes: DirectoryAttributes) -> None:
    assert read_attributes(attributes.to_der()) == attributes


@given(st.binary(max_size=80))
def test_random_bytes_are_refused_as_attributes(data: bytes) -> None:
    with pytest.raises(AttributesRefusedError):
        read_attributes(data)


@pytest.mark.parametrize(
    "attributes",
    [
        DirectoryAttributes("2.16.1", citizen_tail="12345"),
        DirectoryAttributes("2.16.1", citizen_tail="１２３４"),
        DirectoryAttributes("2.16.1", enterprise_number="1234567"),
    ],
)
def test_an_identifier_with_wrong_digits_is_refused(attributes: DirectoryAttributes) -> None:
    with pytest.raises(AttributesRefusedError):
        attributes.to_der()


def test_an_organisation_oid_that_is_none_is_refused() -> None:
    with pytest.raises(DerRefusedError):
        DirectoryAttributes("2.16.1", organisation_oid="none").to_der()


TYPE = attribute(SUBJECT_TYPE_OID, der.oid("2.16.1"))


@pytest.mark.parametrize(
    "attributes",
    [
        (),
        (TYPE, TYPE),
        (TYPE, attribute("2.5.4.3", der.null())),
        (TYPE, attribute(CARD_RANK_OID, der.tlv(der.PRINTABLE_STRING, b"tertiary"))),
        (attribute(SUBJECT_TYPE_OID, der.oid("2.16.1"), der.oid("2.16.2")),),
    ],
)
def test_attributes_missing_repeated_unknown_or_doubled_are_refused(attributes: tuple[bytes, ...]) -> None:
    with pytest.raises(AttributesRefusedError):
        read_attributes(der.sequence(*attributes))
