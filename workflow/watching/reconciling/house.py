"""Certificates of the house's own keys: the registration authority's, and the cards of the staff."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.store import schema as t

C = t.certificate.c


def of_the_house() -> sa.ColumnElement[bool]:
    """Return the condition that a certificate is for a key that is on record with the house; no case asks for it."""
    of_registration = sa.select(t.registration_key.c.id).where(
        t.registration_key.c.spki_sha256 == C.spki_sha256
    )
    of_staff = sa.select(t.staff_card.c.id).where(t.staff_card.c.spki_sha256 == C.spki_sha256)
    return of_registration.exists() | of_staff.exists()
