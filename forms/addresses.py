"""Addresses on forms: county, district, postal code and the rest, as four fields with one prefix."""

from collections.abc import Mapping

from forms import postal
from forms.fields import Field, Filler, Rule
from forms.kinds import Kind
from forms.problems import Problem


def address_fields(prefix: str, label_zh: str, label_en: str) -> tuple[Field, ...]:
    """Return the four fields `<prefix>_county`, `_district`, `_postal_code` and `_address`, all required."""
    return (
        Field(
            f"{prefix}_county",
            f"{label_zh}－縣市",
            f"{label_en}: county or city",
            required=True,
            max_length=10,
        ),
        Field(
            f"{prefix}_district",
            f"{label_zh}－鄉鎮市區",
            f"{label_en}: district",
            required=True,
            max_length=10,
        ),
        Field(
            f"{prefix}_postal_code",
            f"{label_zh}－郵遞區號",
            f"{label_en}: postal code",
            Kind.POSTAL_CODE,
            required=True,
            max_length=6,
            help_zh="選擇鄉鎮市區後自動帶入，可改填 5 或 6 碼。",
            help_en="Filled in from the district; you may give 5 or 6 digits.",
        ),
        Field(
            f"{prefix}_address",
            label_zh,
            label_en,
            required=True,
            max_length=120,
            help_zh="已提供縣市下拉選擇，地址請勿重覆填寫縣市。",
            help_en="Street and number only; county and district are chosen above.",
        ),
    )


def complete_address(prefix: str) -> Filler:
    """Return a filler that writes county and district by today's names and adds a missing postal code."""

    def fill(values: Mapping[str, str]) -> Mapping[str, str]:
        county, district = values[f"{prefix}_county"], values[f"{prefix}_district"]
        try:
            return {
                f"{prefix}_county": postal.county_name(county),
                f"{prefix}_district": postal.district_name(county, district),
                f"{prefix}_postal_code": values[f"{prefix}_postal_code"] or postal.code_of(county, district),
            }
        except postal.UnknownPlaceError:
            return {}

    return fill


def same_as(prefix: str, source: str, checkbox: str) -> Filler:
    """Return a filler that copies the address of `source` when the box is ticked, whatever stands in the copy's fields."""

    def fill(values: Mapping[str, str]) -> Mapping[str, str]:
        if values[checkbox] != "yes":
            return {}
        parts = ("county", "district", "postal_code", "address")
        return {f"{prefix}_{part}": values[f"{source}_{part}"] for part in parts}

    return fill


def address_rule(prefix: str) -> Rule:
    """Return a rule: the place exists, the code fits it, and the rest does not repeat the county."""

    def rule(values: Mapping[str, str]) -> tuple[Problem, ...]:
        county, district = values[f"{prefix}_county"], values[f"{prefix}_district"]
        if not county or not district:
            return ()
        return (
            *_place_problems(prefix, values),
            *_repetition(prefix, county, values[f"{prefix}_address"]),
        )

    return rule


def _place_problems(prefix: str, values: Mapping[str, str]) -> tuple[Problem, ...]:
    parts = {"unknown_county": "county", "unknown_district": "district"}
    found = postal.check(
        values[f"{prefix}_county"], values[f"{prefix}_district"], values[f"{prefix}_postal_code"]
    )
    return tuple(
        Problem(f"{prefix}_{parts.get(problem.code, 'postal_code')}", problem.code, problem.zh, problem.en)
        for problem in found
    )


def _repetition(prefix: str, county: str, rest: str) -> tuple[Problem, ...]:
    if not rest.replace("台", "臺").startswith(county):
        return ()
    return (
        Problem(
            f"{prefix}_address",
            "address_repeats_county",
            f"縣市已由清單選擇，請由地址中刪去「{county}」。",
            "The county is chosen from the list; leave it out of the address.",
        ),
    )


def one_line(values: Mapping[str, str], prefix: str) -> str:
    """Return the address as the forms print it: code, county, district and the rest (206基隆市七堵區…)."""
    parts = ("postal_code", "county", "district", "address")
    return "".join(values.get(f"{prefix}_{part}", "") for part in parts)
