"""The list of all screens: one blueprint per person at the counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web import login, public

if TYPE_CHECKING:
    from flask import Blueprint

ALL: tuple[Blueprint, ...] = (public.blueprint, login.blueprint)
DEMO: tuple[Blueprint, ...] = ()
"""Registered only in a demonstration."""
