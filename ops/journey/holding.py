"""The holder: the card out of the envelope, into the reader, and activated; the demonstration's clock moved on."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from hardware.piv import Algorithm, Slot
from hardware.scripts.certificates import read_certificate
from hardware.scripts.identify import read_csn
from hardware.scripts.sign import SigningKey, prove_possession
from ops.journey.pages import JourneyError
from workflow.stations import card_in

if TYPE_CHECKING:
    from ops.journey.house import House
    from ops.journey.pages import Page


@dataclass(frozen=True, slots=True)
class OnCard:
    """The two certificates that lie on a card, in DER."""

    signature: bytes
    encipherment: bytes


def insert(house: House, csn: str) -> str:
    """Take the delivered card out of the letter-box and put it into the holder's reader; returns the reader."""
    visitor = house.visitor("holder")
    form = visitor.open("/demo/").form("/demo/cards/insert", {"csn": csn})
    reader = form.value("reader")
    visitor.send(form)
    return reader


def activate(house: House, reader: str, user_code: str) -> str:
    """Check the card's details, type the user code, and return the PIN that the page shows once (ACT-01, ACT-02)."""
    page = try_to_activate(house, reader, user_code)
    pin = page.text('//*[@class="big-secret"]')
    if not pin:
        raise JourneyError(f"the card was not activated: {'; '.join(page.complaints) or page.words[:200]}")
    return pin


def try_to_activate(house: House, reader: str, user_code: str) -> Page:
    """Go through the activation and return the last page, whatever it says."""
    visitor = house.visitor("holder")
    page = visitor.send(visitor.open("/activate/").form("/activate/card"), {"reader": reader})
    typed: dict[str, str | bool] = {"details_right": True, "user_code": user_code}
    return visitor.try_to_send(page.form("/activate/"), typed)


def certificates_on(house: House, reader: str) -> OnCard:
    """Read both certificates off the card in a reader."""
    with card_in(house.office, reader) as session:
        session.run(read_csn())
        found = [session.run(read_certificate(slot)) for slot in (Slot.SIGNATURE, Slot.ENCIPHERMENT)]
    if found[0] is None or found[1] is None:
        raise JourneyError(f"the card in {reader} lacks a certificate")
    return OnCard(found[0], found[1])


def prove_pin(house: House, reader: str, pin: str) -> None:
    """Let the card sign with the PIN and verify it with the card's certificate; raises what the card refuses with."""
    challenge = secrets.token_bytes(32)
    key = SigningKey(Slot.SIGNATURE, Algorithm.RSA_2048)
    with card_in(house.office, reader) as session:
        signature = session.run(prove_possession(key, challenge, pin))
    public = x509.load_der_x509_certificate(certificates_on(house, reader).signature).public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise JourneyError("the certificate's key is not the card's")
    public.verify(signature, challenge, padding.PKCS1v15(), SHA256())


def move_clock(house: House, *leaps: int) -> None:
    """Move the demonstration's clock on by the days that its page offers, one leap after the other."""
    visitor = house.visitor("visitor")
    for days in leaps:
        form = visitor.open("/demo/").form("/demo/clock")
        visitor.send(form, button=form.button("days", str(days)))
