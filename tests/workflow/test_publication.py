from __future__ import annotations

import pytest

from tests.workflow.published import publish
from tests.workflow.registry import CODE
from workflow.commands_of_repository import SetPublication
from workflow.errors import Refused, UserCodeLocked, WrongUserCode
from workflow.facts import PUBLIC
from workflow.ocsp import status
from workflow.views.directory import SearchBy, find
from workflow.vocabulary import Ca


def seen(registry, serial):
    with registry.office.reading() as connection:
        return len(find(connection, SearchBy.SERIAL, serial, registry.clock.now()).lines)


def say(registry, number, *, published, code=CODE):
    return registry.do(SetPublication(number=number, published=published, user_code=code), PUBLIC)


@pytest.mark.rule("RV2-05")
def test_the_holder_takes_certificates_out_and_puts_them_back(registry):
    case, serial = publish(registry, ca=Ca.MOICA)
    before = status(registry.office, Ca.MOICA, int(serial, 16))
    assert seen(registry, serial) == 1
    say(registry, registry.case(case).card_number, published=False)
    assert seen(registry, serial) == 0
    assert status(registry.office, Ca.MOICA, int(serial, 16)) == before
    say(registry, registry.case(case).number, published=True)
    assert seen(registry, serial) == 1
    assert registry.audit_kinds().count("publication_set") == 2


@pytest.mark.rule("PIN-03")
def test_three_wrong_codes_lock_this_door_too(registry):
    case, serial = publish(registry)
    number = registry.case(case).card_number
    for _ in range(2):
        with pytest.raises(WrongUserCode):
            say(registry, number, published=False, code="wrong-1")
    with pytest.raises(UserCodeLocked):
        say(registry, number, published=False, code="wrong-1")
    with pytest.raises(UserCodeLocked):
        say(registry, number, published=False)
    assert seen(registry, serial) == 1


def test_an_agency_has_no_choice(registry):
    case, serial = publish(registry, ca=Ca.GCA)
    with pytest.raises(Refused, match="not_by_holder"):
        say(registry, registry.case(case).number, published=False)
    assert seen(registry, serial) == 1


def test_there_is_nothing_to_choose_before_activation(registry):
    case, _ = publish(registry, state="posted")
    with pytest.raises(Refused, match="nothing"):
        say(registry, registry.case(case).number, published=False)


def test_an_unknown_number_answers_like_a_wrong_code(registry):
    with pytest.raises(WrongUserCode, match="number_or_code_wrong"):
        say(registry, "XC00000000000099", published=False)
