"""A house of one root, one authority and one responder that is in force at the moment the judges look.

Not every judge can be told a moment, so this house is made at the machine's own time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from pki.ceremony import Authority, CeremonyPlan, hold_ceremony
from pki.crl import CrlPlan, RevokedEntry, build_crl
from pki.issuing import new_serial, prepare, sign
from pki.keys import KeyKind, SoftwareSigner
from pki.names import EXECUTIVE_YUAN, Subject
from pki.ocsp import NotRevoked, Responder, Revoked, Status, answer
from pki.orders import Addresses, CertificateOrder, Issuer
from pki.profiles import OCSP_RESPONDER, PROFILES
from pki.reasons import RevocationReason
from pki.rehearsal import sample_order

if TYPE_CHECKING:
    from collections.abc import Sequence

LISTS = "http://repository.example.gov.tw/CRL2"
PARTITION_URL, COMPLETE_URL = f"{LISTS}/CRL_0001.crl", f"{LISTS}/complete.crl"


@dataclass(frozen=True)
class House:
    """Everything signed by it is in DER; `now` is when the judges look, an hour after the ceremony.

    `links` are what a relying party needs between the authority and the root, where another root signed the authority.
    """

    now: datetime
    root: bytes
    authority: bytes
    root_signer: SoftwareSigner
    signer: SoftwareSigner
    holder: SoftwareSigner
    links: tuple[bytes, ...] = ()

    @classmethod
    def build(cls, now: datetime) -> House:
        """Hold a ceremony an hour before `now`, under a root on P-384 and an authority on RSA, as the real ones."""
        root_signer, signer = SoftwareSigner.generate(KeyKind.P384), SoftwareSigner.generate(KeyKind.RSA_2048)
        addresses = Addresses(("http://repository.example.gov.tw/root/CA.crl",), f"{LISTS}/root.p7b")
        plan = CeremonyPlan(now - timedelta(hours=1), addresses)
        made = hold_ceremony(plan, root_signer, {Authority.XCA: signer})
        holder = SoftwareSigner.generate(KeyKind.RSA_2048)
        return cls(now, made.root, made.authorities[Authority.XCA], root_signer, signer, holder)

    @cached_property
    def issuer(self) -> Issuer:
        """The authority as its certificates know it."""
        return Issuer.from_certificate(self.authority)

    def order(self, profile: str, ocsp: str | None = None) -> CertificateOrder:
        """Order a sample of a profile that began a minute ago."""
        begins = self.now - timedelta(minutes=1)
        order = sample_order(PROFILES[profile], self.holder.spki_der, begins)
        return order if ocsp is None else replace(order, addresses=replace(order.addresses, ocsp=ocsp))

    def issue(self, order: CertificateOrder) -> bytes:
        """Prepare, lint and sign, as the registry does."""
        prepared = prepare(order, self.issuer)
        return sign(prepared.tbs_der, prepared.tbs_sha256, self.issuer, self.signer)

    def a_list(self, entries: Sequence[RevokedEntry] = (), url: str | None = None) -> bytes:
        """Sign a list that began a minute ago."""
        plan = CrlPlan.daily(7, self.now - timedelta(minutes=1), url)
        return build_crl(self.issuer, self.signer, plan, entries)

    def root_list(self, entries: Sequence[RevokedEntry] = ()) -> bytes:
        """Sign the root's own list, which is usually empty."""
        plan = CrlPlan.daily(1, self.now - timedelta(minutes=1))
        return build_crl(Issuer.from_certificate(self.root), self.root_signer, plan, entries)

    def entry(self, serial: int, reason: RevocationReason = RevocationReason.SUPERSEDED) -> RevokedEntry:
        """Name a certificate as revoked two minutes ago."""
        return RevokedEntry(serial, self.now - timedelta(minutes=2), reason)

    @cached_property
    def responder(self) -> Responder:
        """A responder of the authority."""
        signer = SoftwareSigner.generate(KeyKind.RSA_2048)
        name = Subject(organisation=EXECUTIVE_YUAN, units=("OCSP 回應伺服器",))
        begins = self.now - timedelta(minutes=5)
        order = CertificateOrder(OCSP_RESPONDER, name, signer.spki_der, new_serial(), begins)
        return Responder(signer, self.issue(order), self.authority)

    def answer(self, question: bytes, status: Status, serial: int) -> bytes:
        """Answer a question: the status for this serial, unknown for any other."""

        def lookup(asked: int) -> Status:
            return status if asked == serial else NotRevoked.UNKNOWN

        return answer(question, lookup, self.responder, self.now)

    def revoked(self, reason: RevocationReason) -> Revoked:
        """Be revoked since two minutes ago, to the second as on the list."""
        return Revoked((self.now - timedelta(minutes=2)).replace(microsecond=0), reason)
