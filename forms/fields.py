"""Forms as data: sections of fields, and one function that checks what was typed against them.

What was typed is handed back unchanged next to what was understood, so that a screen can show it again.
A form object holds no answers; the answers live in `Checked`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from forms.kinds import Complaint, Kind, complaint, normalised
from forms.problems import Problem
from forms.typed import control_character

_OVERRIDE_SUFFIX: Final = "_overridden"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a pick list: the stored value and its labels."""

    value: str
    label_zh: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form; `max_length` counts characters, `certificate` says that the value goes into the certificate."""

    name: str
    label_zh: str
    label_en: str
    kind: Kind = Kind.TEXT
    required: bool = False
    max_length: int = 100
    help_zh: str = ""
    help_en: str = ""
    certificate: bool = False
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of fields."""

    name: str
    title_zh: str
    title_en: str
    fields: tuple[Field, ...]


Rule = Callable[[Mapping[str, str]], tuple[Problem, ...]]
Filler = Callable[[Mapping[str, str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Form:
    """A form: sections of fields, `fillers` that complete the answers (same as above) and `rules` across fields.

    Names of fields must be unique; a field of choices must have some. A form that breaks this cannot be made.
    """

    name: str
    title_zh: str
    title_en: str
    sections: tuple[Section, ...]
    rules: tuple[Rule, ...] = ()
    fillers: tuple[Filler, ...] = ()

    def __post_init__(self) -> None:
        names = [field.name for field in self.fields]
        if len(names) != len(set(names)):
            raise ValueError(f"form {self.name} has two fields of one name")
        if any((field.kind is Kind.CHOICE) != bool(field.choices) for field in self.fields):
            raise ValueError(
                f"form {self.name}: choices belong to fields of kind CHOICE, and these need them"
            )

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, in the order of the paper."""
        return tuple(field for section in self.sections for field in section.fields)

    def field(self, name: str) -> Field:
        """Return the field of this name; KeyError if there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check: `values` as understood, `typed` as it came, what is wrong and what looks wrong."""

    values: Mapping[str, str]
    typed: Mapping[str, str]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether the form may be handed in: no problem, and no warning that was not overridden."""
        return not self.problems and not self.warnings

    def of(self, field: str) -> tuple[Problem, ...]:
        """Return problems and warnings of one field."""
        return tuple(problem for problem in (*self.problems, *self.warnings) if problem.field == field)


def validate(form: Form, raw: Mapping[str, str], overridden: frozenset[str] = frozenset()) -> Checked:
    """Check typed answers against a form and return all that is wrong at once.

    `overridden` names the fields whose warning the person confirmed; each one used is recorded in the values as
    `<field>_overridden` = the code of the warning. Names that the form does not have are a problem.
    """
    values = {field.name: _value(field, raw) for field in form.fields}
    for fill in form.fillers:
        values |= fill(values)
    problems = [_unknown(name) for name in raw if name not in values]
    warnings: list[Problem] = []
    for field in form.fields:
        fault = _fault(field, raw.get(field.name, ""), values[field.name])
        if fault is None:
            continue
        problem = Problem(field.name, fault.code, fault.zh, fault.en)
        if not fault.mild:
            problems.append(problem)
        elif field.name in overridden:
            values[field.name + _OVERRIDE_SUFFIX] = fault.code
        else:
            warnings.append(problem)
    named = {problem.field for problem in problems}
    # Rules across fields see no answer that is wrong in itself, lest one fault be told twice.
    sound = {name: "" if name in named else value for name, value in values.items()}
    for rule in form.rules:
        problems += [problem for problem in rule(sound) if problem.field not in named]
    return Checked(values, dict(raw), tuple(problems), tuple(warnings))


def _value(field: Field, raw: Mapping[str, str]) -> str:
    text = raw.get(field.name, "")
    if not isinstance(text, str) or len(text) > _longest_read(field):
        # What is far too long, or no text at all, is not worth working on; it is refused below.
        return ""
    if field.kind is Kind.CHECKBOX and not text.strip():
        return "no"
    return normalised(field.kind, text)


def _longest_read(field: Field) -> int:
    return 4 * field.max_length + 100


def _unknown(name: str) -> Problem:
    return Problem(
        str(name)[:64],
        "unknown_field",
        "本表單沒有這個欄位，請重新整理頁面後再填。",
        "This form has no such field; reload the page.",
    )


def _fault(field: Field, typed: object, value: str) -> Complaint | None:
    if not isinstance(typed, str):
        return Complaint("not_text", f"「{field.label_zh}」應為文字。", f"{field.label_en} must be text.")
    if len(value) > field.max_length or len(typed) > _longest_read(field):
        return Complaint(
            "too_long",
            f"「{field.label_zh}」最多 {field.max_length} 個字，請縮短。",
            f"{field.label_en} has at most {field.max_length} characters; shorten it.",
        )
    hidden = control_character(typed.strip(), lines=field.kind is Kind.LONG_TEXT)
    if hidden:
        return Complaint(
            "control_character",
            f"「{field.label_zh}」含有看不見的控制字元（{hidden}），請刪除後重新輸入。",
            f"{field.label_en} holds an invisible control character ({hidden}); delete it and type again.",
        )
    if not value:
        return _missing(field) if field.required else None
    if field.kind is Kind.CHOICE and value not in {choice.value for choice in field.choices}:
        return Complaint(
            "choice", f"「{field.label_zh}」請由清單選擇。", f"Choose {field.label_en} from the list."
        )
    return complaint(field.kind, value)


def _missing(field: Field) -> Complaint:
    return Complaint("required", f"請填寫「{field.label_zh}」。", f"{field.label_en} is required.")
