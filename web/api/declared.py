"""How an operation of the programming interface is declared: routes, checks and the OpenAPI document all read this."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workflow.errors import BadInput, FieldProblem

if TYPE_CHECKING:
    from flask import Response

    from workflow.vocabulary import ApiScope

Pair = tuple[str, str]
Asked = Mapping[str, str]
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path or the query: its name, what it means, and what it may be (whole-text pattern)."""

    name: str
    says: Pair
    pattern: str = ""
    choices: tuple[str, ...] = ()
    in_path: bool = False
    required: bool = False
    longest: int = 200

    def problem_with(self, given: str | None) -> FieldProblem | None:
        """Return what is wrong with a value, None when it will do."""
        if given is None:
            if not self.required:
                return None
            return FieldProblem(
                self.name, "required", f"缺少參數 {self.name}。", f"The parameter {self.name} is missing."
            )
        fits = len(given) <= self.longest and (not self.choices or given in self.choices)
        if fits and (not self.pattern or re.fullmatch(self.pattern, given)):
            return None
        may = "、".join(self.choices) or self.pattern or f"≤ {self.longest}"
        return FieldProblem(
            self.name,
            "shape",
            f"參數 {self.name} 不符格式（{may}）。",
            f"The parameter {self.name} does not fit ({may}).",
        )


LANGUAGE = Parameter("lang", ("訊息的語言", "The language of messages"), choices=("zh", "en"))
"""Every operation takes it, as every page does; `web.language` reads it."""


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON body that an operation takes: its shape, its largest size in bytes, and what it is."""

    shape: type[Any]
    largest: int
    says: Pair


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `answers` maps media types to a shape, or to None for bytes; a `scope` asks for a token."""

    name: str
    path: str
    says: Pair
    answers: Mapping[str, type[Any] | None]
    run: Callable[..., Response]
    """Called with the parameters, and with the body's value where one is declared."""
    parameters: tuple[Parameter, ...] = ()
    method: str = "GET"
    status: int = 200
    scope: ApiScope | None = None
    body: Body | None = None
    rate: str = "60 per minute"
    refusals: tuple[int, ...] = ()
    """HTTP statuses of refusals besides those that every operation has."""
    kept_by_caches: bool = True
    """Whether an answer carries a validator, so that asking with it may give 304 (RFC 9110 §13)."""
    from_registry: bool = True
    """Whether the registry is asked, which may be out of reach or fail."""

    def __post_init__(self) -> None:
        in_path = {parameter.name for parameter in self.parameters if parameter.in_path}
        if in_path != set(re.findall(r"{(\w+)}", self.path)):
            raise ValueError(f"{self.name}: the path and its parameters differ")

    def check(self, given: Mapping[str, str]) -> Asked:
        """Return the declared parameters as they were given; BadInput for one that does not fit."""
        taken = (*self.parameters, LANGUAGE)
        problems = [one.problem_with(given.get(one.name)) for one in taken]
        found = tuple(problem for problem in problems if problem is not None)
        known = {one.name for one in taken}
        found += tuple(
            FieldProblem(name[:40], "unknown", "沒有這個參數。", "There is no such parameter.")
            for name in sorted(set(given) - known)
        )
        if found:
            raise BadInput(*found)
        return {one.name: given[one.name] for one in self.parameters if one.name in given}
