"""The list of all screens: one blueprint per person at the counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web import (
    acceptance,
    administrator,
    applicant,
    card,
    card_holder,
    card_talk,
    centre,
    clerk,
    demo,
    desk,
    directory,
    emergency,
    guidance,
    holder,
    line,
    login,
    officer,
    operator,
    own_case,
    papers,
    public,
    publication,
    repository,
    requests,
    staff,
    staff_card,
    statistics,
    stock,
    stock_accounts,
    stock_moves,
    window,
)
from web.api import routes

if TYPE_CHECKING:
    from flask import Blueprint

ALL: tuple[Blueprint, ...] = (
    public.blueprint,
    applicant.blueprint,
    own_case.blueprint,
    acceptance.blueprint,
    card.blueprint,
    card_talk.blueprint,
    card_holder.blueprint,
    holder.blueprint,
    login.blueprint,
    staff.blueprint,
    staff_card.blueprint,
    clerk.blueprint,
    window.blueprint,
    officer.blueprint,
    requests.blueprint,
    centre.blueprint,
    line.blueprint,
    stock.blueprint,
    stock_moves.blueprint,
    stock_accounts.blueprint,
    desk.blueprint,
    emergency.blueprint,
    operator.blueprint,
    administrator.blueprint,
    repository.blueprint,
    directory.blueprint,
    papers.blueprint,
    publication.blueprint,
    statistics.blueprint,
    guidance.blueprint,
    routes.pages,
    routes.blueprint,
)
DEMO: tuple[Blueprint, ...] = (demo.blueprint,)
"""Registered only in a demonstration."""
