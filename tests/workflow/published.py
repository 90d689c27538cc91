"""Published certificates in a registry, put there by the commands that issue and activate a card."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

from tests.certificates import FARMERS, a_certificate
from workflow import commands as c
from workflow import commands_of_performers as p
from workflow.facts import SYSTEM
from workflow.vocabulary import Ca


def publish(registry, name=FARMERS, *, ca=Ca.XCA, state="activated", **said):
    """Issue a card whose signature certificate says what is wanted, activate it, and return its case and serial."""
    case_id = registry.a_case("manufacturing", ca)
    csn = registry.begin_card(case_id)
    serial = secrets.token_hex(16)
    spki, tbs = secrets.token_bytes(91), secrets.token_bytes(50)
    registry.do(p.RecordKeys(csn=csn, keys=(("signature", spki),)), SYSTEM)
    now = registry.clock.now()
    intent = p.IntendCertificate(
        case_id=case_id, authority=str(registry.case(case_id).ca), csn=csn, purpose="signature",
        serial=serial, tbs=tbs, tbs_sha256=sha256(tbs).hexdigest(),
        spki_sha256=sha256(spki).hexdigest(), subject=",".join(f"{label}={value}" for label, value in name),
        not_before=now, not_after=now + timedelta(days=5 * 365),
    )  # fmt: skip
    registry.do(intent, SYSTEM)
    der = a_certificate(name, serial=int(serial, 16), not_before=now, **said)
    registry.do(p.RecordCertificate(case_id=case_id, serial=serial, der=der), SYSTEM)
    number = registry.card_number(csn)
    registry.do(c.RecordCardMade(case_id=case_id, card_number=number, issued_at=now), SYSTEM)
    for step in {"posted": ("pack", "post"), "activated": ("pack", "post", "activate")}[state]:
        registry._take(case_id, step)
    return case_id, serial
