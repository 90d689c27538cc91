"""The form that asks for a new user code."""

import pytest

from forms.fields import validate
from forms.usercode_reset import USERCODE_RESET


@pytest.mark.rule("UCR-04")
def test_a_complete_reset_form_passes(a_reset):
    checked = validate(USERCODE_RESET, a_reset())
    assert checked.ok
    assert checked.values["reachable_date"] == "2026-11-21"


@pytest.mark.rule("UCR-04")
def test_all_fields_but_the_title_are_asked_for(a_reset):
    required = {field.name for field in USERCODE_RESET.fields if field.required}
    assert required == set(a_reset())
    assert {p.field for p in validate(USERCODE_RESET, {}).problems} == required


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reachable_until": "9"}, "reachable_until"),
        ({"reachable_from": "25"}, "reachable_from"),
        ({"reachable_date": "115/11/19"}, "reachable_date"),
        ({"card_number": "1168"}, "card_number"),
        ({"wrong_code_over_three": "perhaps"}, "wrong_code_over_three"),
    ],
)
def test_a_reset_form_that_cannot_be_right_names_the_field(a_reset, changed, field):
    assert [p.field for p in validate(USERCODE_RESET, a_reset(**changed)).problems] == [field]
