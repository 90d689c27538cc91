"""Keep CRL entries: what is listed has its entry after the migration, as the program itself would have written it."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from cryptography import x509

from tests.migrations import added_tables, awkward_rows

NEW = frozenset({"crl_entry", "crl_change", "crl_failure"})
SINCE = {1: datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC), 2: datetime(2050, 1, 1, tzinfo=UTC)}
SERIALS = {1: "00f1" + "0" * 28, 2: "7f" + "1" * 30, 3: "22"}
STATUSES = {1: ("suspended", "certificate_hold"), 2: ("revoked", None), 3: ("valid", None)}


class Upgrade:
    """From statuses without entries to entries beside them."""

    def load(self, engine, random):
        awkward_rows.load(engine, random)
        with engine.begin() as connection:
            # The feed writes rows of its own, whose numbers must be free.
            connection.execute(sa.text("DELETE FROM status_change"))
            # The fourth and the fifth are listed under serials that are none.
            connection.execute(sa.text("UPDATE certificate SET status = 'revoked'"))
            for number, (status, reason) in STATUSES.items():
                values = {"id": number, "status": status, "reason": reason, "serial": SERIALS[number]}
                columns = "status = :status, reason = :reason, serial = :serial"
                connection.execute(sa.text(f"UPDATE certificate SET {columns} WHERE id = :id"), values)  # noqa: S608 - our own words.
                since = sa.update(
                    sa.table(
                        "certificate", sa.column("id"), sa.column("status_at", sa.DateTime(timezone=True))
                    )
                )
                moment = SINCE.get(number, SINCE[1])
                moment = moment.replace(tzinfo=None) if engine.dialect.name == "sqlite" else moment
                connection.execute(since.where(sa.column("id") == number).values(status_at=moment))
        self.before = awkward_rows.contents(engine)

    def check(self, engine, random):
        after = awkward_rows.contents(engine)
        assert {name: after[name] for name in self.before} == self.before
        entries = {row[0]: row for row in after["crl_entry"]}
        assert {number: row[4] for number, row in entries.items() if number < 3} == {
            number: SERIALS[number] for number in (1, 2)
        }
        assert 3 not in entries
        for number in (1, 2):
            self._check_entry(number, entries[number])
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM crl_entry"))
        awkward_rows.load(engine, random, but=self.before.keys())

    def _check_entry(self, number, row):
        _id, _authority, partition, block, serial, der, _since, _not_after = row
        reason = None if STATUSES[number][1] is None else x509.ReasonFlags.certificate_hold
        builder = (
            x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(SINCE[number])
        )
        if reason is not None:
            builder = builder.add_extension(x509.CRLReason(reason), critical=False)
        assert (partition, block) == (int(serial, 16) % 4 + 1, 0)
        assert bytes(der) in _a_list_of(builder.build())


def _a_list_of(revoked):
    """Return a list with one entry, as the certificate library encodes it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding

    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")]))
        .last_update(SINCE[1])
        .next_update(datetime(2051, 1, 1, tzinfo=UTC))
        .add_revoked_certificate(revoked)
    )
    return builder.sign(Ed25519PrivateKey.generate(), None).public_bytes(Encoding.DER)


class Downgrade(added_tables.Downgrade):
    """From kept entries to none."""

    def check(self, engine, random):
        super().check(engine, random)
        assert not awkward_rows.contents(engine).keys() & NEW
