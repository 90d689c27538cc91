from __future__ import annotations

import contextlib

import pytest
from asn1crypto import x509
from hypothesis import given
from hypothesis import strategies as st

from pki import der
from pki.errors import NameRefusedError
from pki.names import Subject, agency, describe_name, natural_person, organisation, read_name

CHARACTERS = st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Co"])
VALUES = st.text(CHARACTERS, min_size=1, max_size=64)
SUBJECTS = st.builds(
    Subject,
    st.lists(VALUES, max_size=3).map(tuple),
    st.none() | VALUES,
    st.lists(VALUES, max_size=3).map(tuple),
    st.none() | VALUES,
    st.none() | st.from_regex(r"\A[0-9]{8,16}\Z"),
)


@given(SUBJECTS)
def test_a_name_is_read_back_as_it_was_written(subject: Subject) -> None:
    assert read_name(subject.to_der()) == subject


@given(st.binary(max_size=60))
def test_random_bytes_are_no_name(data: bytes) -> None:
    with contextlib.suppress(NameRefusedError):
        assert read_name(data).to_der() == data


@pytest.mark.parametrize("length", [1, 21, 22, 64])
def test_a_name_of_64_chinese_characters_is_written(length: int) -> None:
    parsed = x509.Name.load(natural_person("關" * length, "0000000123456789").to_der())
    assert parsed.native["common_name"] == "關" * length


def test_a_name_of_65_characters_is_refused() -> None:
    with pytest.raises(NameRefusedError, match="64"):
        organisation("關" * 65).to_der()


@pytest.mark.rule("RV2-08")
def test_a_person_is_named_by_country_name_and_sixteen_digits() -> None:
    name = natural_person("王𠀀明", "0000000123456789").to_der()
    assert describe_name(name) == "C=TW,CN=王𠀀明,serialNumber=0000000123456789"
    with pytest.raises(NameRefusedError):
        natural_person("王小明", "123")


def test_an_organisation_is_named_county_before_town() -> None:
    name = organisation("國立示範高級中學", "新竹縣", "竹東鎮").to_der()
    assert describe_name(name) == "C=TW,L=新竹縣,L=竹東鎮,O=國立示範高級中學"


def test_an_agency_is_named_under_the_executive_yuan() -> None:
    assert describe_name(agency("交通部", "公路局").to_der()) == "C=TW,O=行政院,OU=交通部,OU=公路局"


def test_country_and_serial_number_are_printable_and_the_rest_is_utf8() -> None:
    rdns = der.read(natural_person("A", "0000000123456789").to_der()).children()
    assert [rdn.children()[0].children()[1].tag for rdn in rdns] == [0x13, 0x0C, 0x13]


@pytest.mark.parametrize("value", ["", " 財政部", "財政部 ", "財\x00部", "財\n部", "財\u2028部", "\ud800"])
def test_a_name_with_control_characters_or_blank_ends_is_refused(value: str) -> None:
    with pytest.raises(NameRefusedError):
        agency(value).to_der()


@pytest.mark.parametrize(
    "subject", [Subject(country="tw"), Subject(country="TWN"), Subject(serial_number="統編")]
)
def test_printable_attributes_keep_to_their_characters(subject: Subject) -> None:
    with pytest.raises(NameRefusedError):
        subject.to_der()


def test_attributes_out_of_order_are_refused() -> None:
    first, second = der.read(organisation("學校").to_der()).children()
    with pytest.raises(NameRefusedError, match="order"):
        read_name(der.sequence(second.encoded, first.encoded))


def test_an_attribute_that_gpki_does_not_use_is_refused() -> None:
    with pytest.raises(NameRefusedError):
        read_name(x509.Name.build({"email_address": "a@example.tw"}).dump())


def test_a_value_that_is_not_utf8_is_refused() -> None:
    name = der.sequence(der.set_of(der.sequence(der.oid("2.5.4.3"), der.tlv(der.UTF8_STRING, b"\xff"))))
    with pytest.raises(NameRefusedError, match="UTF-8"):
        read_name(name)


def test_a_name_with_two_attributes_in_one_rdn_is_refused() -> None:
    parts = [part.children()[0].encoded for part in der.read(organisation("學校").to_der()).children()]
    with pytest.raises(NameRefusedError, match="exactly one"):
        read_name(der.sequence(der.set_of(*parts)))
