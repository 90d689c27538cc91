"""Run pkilint's rules faster, with the same findings: a rule is asked only about nodes that it could match.

pkilint walks the tree of a decoded certificate and asks every rule about every node, thousands of questions a
certificate of which all but a few dozen are answered by the type or the place of the node. Here the rules are sorted by
both once. Those that are left over for a node are still asked pkilint's own question, so nothing that matched is lost.
"""

from __future__ import annotations

from typing import Any, Final

from pkilint.document import NodeVisitor
from pkilint.pkix.certificate.certificate_extension import ExtendedKeyUsageCriticalityValidator
from pkilint.pkix.extension import ExtensionCriticalityValidator
from pkilint.validation import TypeMatchingValidator, ValidatorContainer

# These ask what NodeVisitor asks, and more. A rule that asks anything else is put to every node.
_NARROWING: Final = frozenset(
    kind.match
    for kind in (
        NodeVisitor,
        TypeMatchingValidator,
        ExtensionCriticalityValidator,
        ExtendedKeyUsageCriticalityValidator,
    )
)

# What a rule was built with has no public name in pkilint.
_PLACE: Final = "_path"
_KIND: Final = "_pdu_class"
_CRITERIA: Final = ("path", "path_re", "pdu_class", "pdu_supertype", "predicate")
_WALK: Final = vars(ValidatorContainer)["_validate_rec"]


class IndexedContainer(ValidatorContainer):  # type: ignore[misc]  # pkilint has no types.
    """A container of rules, and of containers in it, that finds the same as the one it is made from."""

    def __init__(self, plain: ValidatorContainer) -> None:
        criteria = {name: vars(plain)[f"_{name}"] for name in _CRITERIA}
        super().__init__(validators=[_indexed(validator) for validator in plain.validators], **criteria)
        self._places = frozenset(vars(validator)[_PLACE] for validator in self.validators)
        self._candidates: dict[tuple[type, str | None], tuple[Any, ...]] = {}

    def _validate_rec(self, node: Any, results: list[Any]) -> None:
        for validator in self._candidates_for(node):
            if validator.match(node):
                found = validator.validate_wrapper(node)
                results.extend(found if isinstance(found, list) else (found,))
        for child in node.children.values():
            self._validate_rec(child, results)

    def _candidates_for(self, node: Any) -> tuple[Any, ...]:
        # Only a few places matter, so that a node with a path of its own does not fill the memory.
        key = (type(node.pdu), node.path if node.path in self._places else None)
        found = self._candidates.get(key)
        if found is None:
            found = tuple(validator for validator in self.validators if _may_match(validator, *key))
            self._candidates[key] = found
        return found


def _may_match(validator: Any, kind: type, place: str | None) -> bool:
    if type(validator).match not in _NARROWING:
        return True
    wanted_place, wanted_kind = vars(validator)[_PLACE], vars(validator)[_KIND]
    return wanted_place in {None, place} and (wanted_kind is None or issubclass(kind, wanted_kind))


def _indexed(validator: Any) -> Any:
    # A container that walks in a way of its own stays as it is.
    kind = type(validator)
    walks = isinstance(validator, ValidatorContainer) and kind.validate is ValidatorContainer.validate
    if walks and kind.match in _NARROWING and getattr(kind, _WALK.__name__) is _WALK:
        return IndexedContainer(validator)
    return validator
