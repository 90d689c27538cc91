"""What is wrong with a form, told to the person who filled it in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right: `field` names where, `code` is stable, `zh` and `en` say what is wrong and what would be right."""

    field: str
    code: str
    zh: str
    en: str
