"""Builders of filled-in forms; each takes the answers that a test cares about."""

from collections.abc import Callable

import pytest

Answers = dict[str, str]

_CONTACT = {
    "rank": "primary",
    "subscriber_kind": "school",
    "agreement_accepted": "on",
    "organisation_email": "123@123.tw",
    "contact_name": "林小胖",
    "contact_email": "123@123.tw",
    "mailing_county": "臺北市",
    "mailing_district": "士林區",
    "mailing_postal_code": "111",
    "mailing_address": "中山北路五段505號",
    "contact_phone": "02-12345678",
}


@pytest.fixture
def a_school_with_oid() -> Callable[..., Answers]:
    """Answers to the form with an OID, complete and right."""
    return lambda **changed: {**_CONTACT, "oid": "2.16.886.111.100000", **changed}


@pytest.fixture
def a_foundation_without_oid() -> Callable[..., Answers]:
    """Answers to the form without an OID, complete and right."""
    full = {
        **_CONTACT,
        "subscriber_kind": "foundation",
        "full_name": "大明基金會",
        "ubn": "04595257",
        "organisation_county": "基隆市",
        "organisation_district": "七堵區",
        "organisation_postal_code": "206",
        "organisation_address": "明德一路1號",
        "organisation_phone": "02-12345678",
    }
    return lambda **changed: {**full, **changed}


@pytest.fixture
def a_reset() -> Callable[..., Answers]:
    """Answers to the form that asks for a new user code."""
    full = {
        "application_date": "115年11月20日",
        "card_number": "Xc00000000001168",
        "organisation_name": "大明基金會",
        "wrong_code_over_three": "是",
        "contact_name": "林小胖",
        "contact_phone": "(02)12345678 分機 12",
        "reachable_date": "115/11/21",
        "reachable_from": "9",
        "reachable_until": "17",
        "contact_email": "a@b.tw",
        "contact_fax": "02-12345678",
    }
    return lambda **changed: {**full, **changed}
