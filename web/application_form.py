"""The application form on the screen: built from the declared form, filled from the register, read from the post."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import request

from forms import postal
from forms.card_application import USER_CODE_FIELDS, card_application, check_user_code
from forms.card_application import SubscriberKind as FormKind
from forms.fields import validate
from forms.kinds import Kind
from forms.problems import Problem
from web.ports import office
from workflow import paper
from workflow.errors import FieldProblem
from workflow.vocabulary import SubscriberKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from forms.fields import Checked, Field, Form
    from workflow.policy import Policy
    from workflow.views.organisations import OrganisationSeen

CONFIRM = "_confirm"
"""Suffix of the tick box by which a person stands by a value that looks wrong."""
FIXED = frozenset({"rank", "subscriber_kind", "agreement_accepted", "oid"})
"""Answers that were given in earlier steps or stand in the register, so they are not asked for in the form."""
_CONTROLS = {
    Kind.EMAIL: "email",
    Kind.PHONE: "tel",
    Kind.LONG_TEXT: "textarea",
    Kind.CHECKBOX: "checkbox",
    Kind.CHOICE: "select",
    Kind.YES_NO: "radios",
}
_INPUT_MODES = {Kind.UBN: "numeric", Kind.POSTAL_CODE: "numeric", Kind.HOUR: "numeric", Kind.OID: "decimal"}
_COMPLETE = {
    "contact_name": "name",
    "contact_email": "email",
    "contact_phone": "tel",
    "contact_title": "organization-title",
}


def build(policy: Policy, *, with_oid: bool) -> Form:
    """Return the form for the kinds of subscribers that a CA serves."""
    kinds = tuple(kind for kind in FormKind if SubscriberKind(kind.code) in policy.subscriber_kinds.value)
    return card_application(kinds, with_oid=with_oid)


def control(field: Field) -> str:
    """Return the kind of control that a field is shown as."""
    if field.name.endswith("_county"):
        return "county"
    if field.name.endswith("_district"):
        return "district"
    return _CONTROLS.get(field.kind, "text")


def input_mode(field: Field) -> str | None:
    """Return the keyboard that suits a field."""
    return _INPUT_MODES.get(field.kind)


def autocomplete(field: Field) -> str | None:
    """Return what the browser may fill in by itself."""
    return _COMPLETE.get(field.name)


def prefilled(organisation: OrganisationSeen | None) -> dict[str, str]:
    """Return what the register knows already, for the fields of either form (APP-12)."""
    if organisation is None:
        return {}
    place = {
        "county": organisation.county,
        "district": organisation.town,
        "postal_code": organisation.postal_code,
        "address": organisation.address,
    }
    known = {
        f"{prefix}_{part}": value for prefix in ("organisation", "mailing") for part, value in place.items()
    }
    return known | {
        "oid": organisation.oid or "",
        "organisation_email": organisation.email,
        "organisation_phone": organisation.phone,
        "full_name": organisation.name,
        "ubn": organisation.ubn or "",
        "school_agency_code": organisation.agency_code or "",
    }


def typed(form: Form) -> dict[str, str]:
    """Return what was posted for the form's own fields, as typed."""
    return {field.name: request.form.get(field.name, "") for field in form.fields if field.name not in FIXED}


def check(form: Form, raw: Mapping[str, str]) -> Checked:
    """Check the answers; warnings that the person confirmed by their tick box are let through."""
    confirmed = {name for name in raw if request.form.get(name + CONFIRM) == "yes"}
    checked = validate(form, raw, frozenset(confirmed))
    wrong = {problem.field for problem in checked.problems}
    unprintable = tuple(
        Problem(one.field, one.code, one.zh, one.en)
        for one in paper.unprintable(office(), form, checked.values)
        if one.field not in wrong
    )
    return replace(checked, problems=(*checked.problems, *unprintable))


def check_codes(policy: Policy) -> tuple[FieldProblem, ...]:
    """Check the user code that was posted twice (APP-16)."""
    shortest, longest = policy.user_code_length.value
    first, second = (request.form.get(name, "") for name in USER_CODE_FIELDS)
    return as_problems(check_user_code(first, second, shortest, longest))


def as_problems(problems: Iterable[Problem]) -> tuple[FieldProblem, ...]:
    """Carry the form room's problems over to the screens."""
    return tuple(FieldProblem(found.field, found.code, found.zh, found.en) for found in problems)


def places() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return all counties with their districts and postal codes, for the pick lists."""
    return tuple(
        (county, tuple((name, postal.code_of(county, name)) for name in postal.districts(county)))
        for county in postal.counties()
    )
