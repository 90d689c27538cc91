"""Bar charts as plain geometry; templates draw them as SVG, and the table beside says the same to those who don't see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 720
HEIGHT = 260
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 16, 34
STEPS = 4
MOST_LABELS = 12
_NICE = (1, 2, 4, 5, 8, 10)
WIDEST_BAR = 44


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar in user units; `series` is its place in the legend."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True, slots=True)
class Label:
    """A text on an axis, at a place in user units."""

    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of stacked bars, with the labels of both axes."""

    width: int
    height: int
    segments: tuple[Segment, ...]
    below: tuple[Label, ...]
    beside: tuple[Label, ...]


def stacked(groups: Sequence[tuple[str, Sequence[int]]]) -> Bars:
    """Lay out one bar a group from left to right, its values stacked from the ground."""
    top = _top(max((sum(values) for _label, values in groups), default=0))
    room = HEIGHT - TOP - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) / max(len(groups), 1)
    wide = min(slot * 0.7, WIDEST_BAR)
    segments = []
    for place, (_label, values) in enumerate(groups):
        ground = float(HEIGHT - BOTTOM)
        for series, value in enumerate(values):
            tall = value / top * room
            ground -= tall
            if value:
                x = LEFT + slot * place + (slot - wide) / 2
                segments.append(
                    Segment(round(x, 2), round(ground, 2), round(wide, 2), round(tall, 2), series)
                )
    every = -(-len(groups) // MOST_LABELS)
    below = tuple(
        Label(label, round(LEFT + slot * (place + 0.5), 2))
        for place, (label, _values) in enumerate(groups)
        if place % every == 0
    )
    beside = tuple(
        Label(f"{top * step // STEPS:,}", round(HEIGHT - BOTTOM - room * step / STEPS, 2))
        for step in range(STEPS + 1)
    )
    return Bars(WIDTH, HEIGHT, tuple(segments), below, beside)


def _top(highest: int) -> int:
    """Return the value at the top of the axis: a round number that four steps divide."""
    scale = STEPS
    while scale * _NICE[-1] < highest:
        scale *= 10
    return next(scale * nice for nice in _NICE if scale * nice >= highest)
