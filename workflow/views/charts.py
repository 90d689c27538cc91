"""The chart of a case kind: where each state and each way stands on the paper, from the table itself.

A layered layout (after Sugiyama): states are ranked by their distance from the opening, long ways get bends, and a few
sweeps put each node near the middle of its neighbours. Only geometry is made here; screens draw it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workflow.cases.table import NEW, CaseTable
from workflow.machine import TABLES

if TYPE_CHECKING:
    from workflow.policy import Policy
    from workflow.vocabulary import CaseKind, Word

BOX_WIDTH = 172
BOX_HEIGHT = 44
BEND_WIDTH = 22
GAP_X = 20
GAP_Y = 42
MARGIN = 12
SWEEPS = 8
BACK_SHIFT = 34


@dataclass(frozen=True, slots=True)
class Box:
    """A state on the chart; `x` and `y` are its upper left corner, in user units."""

    state: Word
    x: int
    y: int
    present: bool
    passed: bool
    final: bool


@dataclass(frozen=True, slots=True)
class Way:
    """A way between two states as an SVG path; `back` for one that leads to an earlier rank."""

    path: str
    back: bool
    passed: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole chart, boxes in reading order."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    ways: tuple[Way, ...]


@dataclass
class _Layout:
    """Nodes by rank; a node is a state's name, or (source, dest, rank) for a bend of a long way."""

    ranks: list[list[object]]
    depth: dict[str, int]
    centre: dict[object, float] = field(default_factory=dict)
    links: list[tuple[object, object]] = field(default_factory=list)


def chart(
    kind: CaseKind, policy: Policy, present: str = "", steps: tuple[tuple[str, str], ...] = ()
) -> Chart:
    """Return the chart of a case kind under a policy; `steps` are the (source, dest) pairs that the case has gone."""
    table = TABLES[kind]
    ways_found = _reachable(_pairs(table, policy))
    backward = _backward(ways_found)
    # Ways back are laid out as if they led forward, so that they too run between the boxes.
    downward = [(b, a) if (a, b) in backward else (a, b) for a, b in ways_found if a != NEW]
    layout = _layout(_depth(ways_found, backward), downward)
    _order(layout)
    width = _place(layout)
    seen = {place for step in steps for place in step}
    boxes = tuple(
        Box(
            state=table.states(name),
            x=round(layout.centre[name] - BOX_WIDTH / 2),
            y=_top(rank),
            present=name == present,
            passed=name in seen and name != present,
            final=name in table.finals,
        )
        for rank, nodes in enumerate(layout.ranks)
        for name in nodes
        if isinstance(name, str)
    )
    ways = tuple(
        Way(_path(layout, a, b, back=(a, b) in backward), (a, b) in backward, (a, b) in steps)
        for a, b in ways_found
        if a != NEW
    )
    height = _top(len(layout.ranks) - 1) + BOX_HEIGHT + MARGIN
    return Chart(width, height, boxes, ways)


def _pairs(table: CaseTable, policy: Policy) -> list[tuple[str, str]]:
    rows = [row for row in table.rows if row.fits(policy) and row.source != row.dest]
    return list(dict.fromkeys((str(row.source), str(row.dest)) for row in rows))


def _reachable(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the ways that start where a case can come to under the policy."""
    reached, frontier = {NEW}, [NEW]
    while frontier:
        here = frontier.pop()
        found = [b for a, b in pairs if a == here and b not in reached]
        reached.update(found)
        frontier.extend(found)
    return [(a, b) for a, b in pairs if a in reached]


def _backward(pairs: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the ways that lead back to a state on the way to their own source; without them there is no circle."""
    found: set[tuple[str, str]] = set()
    done: set[str] = set()

    def visit(here: str, trail: tuple[str, ...]) -> None:
        for source, dest in pairs:
            if source != here:
                continue
            if dest in (*trail, here):
                found.add((source, dest))
            elif dest not in done:
                visit(dest, (*trail, here))
        done.add(here)

    visit(NEW, ())
    return found


def _depth(pairs: list[tuple[str, str]], backward: set[tuple[str, str]]) -> dict[str, int]:
    """Rank each state by its longest way from the opening, so that no two states of a rank are joined."""
    forward = [pair for pair in pairs if pair not in backward]
    backs = [(b, a) for a, b in backward]
    depth = {NEW: -1}
    for _ in range(len(pairs) + 1):
        for source, dest in (*forward, *backs):
            if source in depth:
                depth[dest] = max(depth.get(dest, 0), depth[source] + 1)
    del depth[NEW]
    return depth


def _layout(depth: dict[str, int], downward: list[tuple[str, str]]) -> _Layout:
    layout = _Layout(ranks=[[] for _ in range(max(depth.values()) + 1)], depth=depth)
    for name, rank in depth.items():
        layout.ranks[rank].append(name)
    for source, dest in downward:
        last: object = source
        for rank in range(depth[source] + 1, depth[dest]):
            bend = (source, dest, rank)
            if bend not in layout.ranks[rank]:
                layout.ranks[rank].append(bend)
            layout.links.append((last, bend))
            last = bend
        layout.links.append((last, dest))
    return layout


def _order(layout: _Layout) -> None:
    """Sort each rank by the middle of its neighbours' places, downwards and upwards in turn."""
    above: dict[object, list[object]] = {}
    below: dict[object, list[object]] = {}
    for a, b in layout.links:
        above.setdefault(b, []).append(a)
        below.setdefault(a, []).append(b)
    for sweep in range(SWEEPS):
        near = above if sweep % 2 == 0 else below
        for nodes in layout.ranks if sweep % 2 == 0 else reversed(layout.ranks):
            places = {node: _share(place, rank) for rank in layout.ranks for place, node in enumerate(rank)}
            nodes.sort(key=lambda node: _middle(near.get(node, []), places, places[node]))


def _share(place: int, rank: list[object]) -> float:
    return (place + 1) / (len(rank) + 1)


def _middle(nodes: list[object], places: dict[object, float], otherwise: float) -> float:
    return sum(places[node] for node in nodes) / len(nodes) if nodes else otherwise


def _width(node: object) -> int:
    return BOX_WIDTH if isinstance(node, str) else BEND_WIDTH


def _place(layout: _Layout) -> int:
    """Set each rank in the middle of the paper and return the paper's width."""
    spans = [sum(map(_width, nodes)) + GAP_X * (len(nodes) - 1) for nodes in layout.ranks]
    whole = max(spans) + 2 * MARGIN
    for span, nodes in zip(spans, layout.ranks, strict=True):
        x = (whole - span) / 2
        for node in nodes:
            layout.centre[node] = x + _width(node) / 2
            x += _width(node) + GAP_X
    return round(whole)


def _top(rank: int) -> int:
    return MARGIN + rank * (BOX_HEIGHT + GAP_Y)


def _path(layout: _Layout, source: str, dest: str, *, back: bool) -> str:
    """Return the way's path from its source to its dest; a way back runs upwards, beside the way forward."""
    upper, lower = (dest, source) if back else (source, dest)
    first, last = layout.depth[upper], layout.depth[lower]
    shift = BACK_SHIFT if back else 0
    points: list[tuple[float, int]] = [(layout.centre[upper] + shift, _top(first) + BOX_HEIGHT)]
    for rank in range(first + 1, last):
        x = layout.centre[upper, lower, rank]
        points += [(x, _top(rank)), (x, _top(rank) + BOX_HEIGHT)]
    points.append((layout.centre[lower] + shift, _top(last)))
    return _curve(points[::-1] if back else points)


def _curve(points: list[tuple[float, int]]) -> str:
    """Join points by curves across the gaps and straight lines along the ranks."""
    (x, y), *others = points
    path = f"M{x:.0f} {y}"
    for place, (to, top) in enumerate(others):
        middle = (y + top) // 2
        path += f"L{to:.0f} {top}" if place % 2 else f"C{x:.0f} {middle} {to:.0f} {middle} {to:.0f} {top}"
        x, y = to, top
    return path
