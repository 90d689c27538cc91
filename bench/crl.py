"""A list of a million entries, from kept entries, beside the certificate library's builder over the same database.

Each side runs in a process of its own, so that its memory is its own. The peer reads serial, date and reason from the
database, builds and signs with the library; we read the kept entries and sign. Neither side's list is stored in that
comparison; the whole publication, with the check, the partitions and the commit, is measured apart. Last, the status
of one certificate among three million is looked up as the OCSP responder does.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import statistics
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from registry import PASSPHRASE, an_office, fresh_url, report

from pki.ceremony import Authority, CeremonyPlan, hold_ceremony
from pki.crl import CrlExpectation, CrlPlan, RevokedEntry, check_crl, encode_entry, sign_list
from pki.keys import KeyKind, SoftwareSigner
from pki.orders import Addresses
from workflow.authorities import working
from workflow.commands_of_authorities import EstablishAuthorities, NewAuthority
from workflow.commands_of_performers import PublishCrl
from workflow.crl_scope import PARTITIONS, crl_reason, partition_number
from workflow.facts import SYSTEM
from workflow.handlers import handle
from workflow.ocsp.statuses import meaning, reader
from workflow.store import schema as t
from workflow.store.crl_entries import BLOCK, read
from workflow.store.database import open_engine
from workflow.vocabulary import Ca

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workflow.office import Office

CERTIFICATES = 3_000_000
REVOKED = 1_000_000
LOOK_UPS = 5_000
ROUNDS = 3
XCA = "xca"
START = datetime(2026, 1, 1, tzinfo=UTC)

# One certificate in three is revoked. Serials look random, for the trees of indexes are wider so.
_CERTIFICATES = sa.text("""
    INSERT INTO certificate (ca, authority, serial, purpose, status, status_version, tbs, tbs_sha256, spki_sha256, subject,
                             not_before, not_after, status_at, reason, created_at)
    SELECT 'xca', 'xca', '01' || substr(md5(n::text), 3), 'signature', CASE WHEN n % 3 = 0 THEN 'revoked' ELSE 'valid' END, 1,
           '', '', n::text, '', now(), now() + interval '3 years', date_trunc('second', now()) - n * interval '1 second',
           CASE WHEN n % 3 = 0 THEN 'superseded' END, now()
    FROM generate_series(1, :count) AS n
""")


_ENTRIES = sa.text("""
    INSERT INTO crl_entry (certificate_id, authority, partition, block, serial, der, since, not_after)
    SELECT id, authority, ('x' || right(serial, 4))::bit(16)::integer % :partitions + 1, id / :block, serial,
           CAST(:head AS bytea) || decode(serial, 'hex') || CAST(:between AS bytea)
           || convert_to(to_char(status_at AT TIME ZONE 'UTC', 'YYMMDDHH24MISS"Z"'), 'UTF8') || CAST(:tail AS bytea),
           status_at, not_after
    FROM certificate WHERE status = 'revoked'
""")


def prepare(office: Office) -> None:
    """Make an authority and the certificates, and the entries of those that are revoked."""
    signers = {authority: SoftwareSigner.generate(KeyKind.RSA_2048) for authority in Authority}
    addresses = Addresses(crl=("http://crl.example/root.crl",), ca_issuers="http://crl.example/root.p7b")
    plan = CeremonyPlan(START, addresses)
    hierarchy = hold_ceremony(plan, SoftwareSigner.generate(KeyKind.P384), signers)
    sealed = signers[Authority.XCA].to_pkcs8(PASSPHRASE)
    certificate = hierarchy.authorities[Authority.XCA]
    made = NewAuthority(XCA, certificate, Ca.XCA, sealed_key=sealed)
    handle(office, EstablishAuthorities(authorities=(made,)), SYSTEM)
    with office.engine.begin() as connection, indexes_afterwards(connection, "certificate"):
        connection.execute(_CERTIFICATES, {"count": CERTIFICATES})
    with office.engine.begin() as connection, indexes_afterwards(connection, "crl_entry"):
        keep_entries(connection)
    with office.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


@contextmanager
def indexes_afterwards(connection: sa.Connection, table: str) -> Iterator[None]:
    """Take a table's secondary indexes away and make them again: millions of rows sort faster than they settle."""
    found = connection.execute(
        sa.text(
            "SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made, c.conname AS held"
            " FROM pg_index AS i LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.contype = 'u'"
            " WHERE i.indrelid = CAST(:on AS regclass) AND NOT i.indisprimary"
        ),
        {"on": table},
    ).all()
    for row in found:
        held = f"ALTER TABLE {table} DROP CONSTRAINT {row.held}"
        connection.exec_driver_sql(held if row.held else f"DROP INDEX {row.name}")
    yield
    connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '512MB'")
    for row in found:
        connection.exec_driver_sql(row.made)


def keep_entries(connection: sa.Connection) -> None:
    """Write the entries of what is revoked; the database fills a sample's places, and some are compared with our own."""
    # Rows that refer to rows of the transaction before: nothing needs to look.
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    serial, reason = (1 << 120) + 1, crl_reason("superseded")
    sample = encode_entry(RevokedEntry(serial, START, reason))
    head, rest = sample.split(serial.to_bytes(16, "big"))
    between, tail = rest.split(f"{START:%y%m%d%H%M%SZ}".encode())
    pieces = {"head": head, "between": between, "tail": tail}
    connection.execute(_ENTRIES, {**pieces, "partitions": PARTITIONS, "block": BLOCK})
    e, c = t.crl_entry.c, t.certificate.c
    query = sa.select(e.der, e.partition, c.serial, c.status_at, c.reason).join(
        t.certificate, c.id == e.certificate_id
    )
    for row in connection.execute(query.where(c.id.in_(range(3, 3_000, 3)))):
        number = int(row.serial, 16)
        assert row.der == encode_entry(RevokedEntry(number, row.status_at, crl_reason(row.reason)))
        assert row.partition == partition_number(number)


def ours(office: Office) -> bytes:
    """Read the kept entries and sign a list of them."""
    authority = working(office, XCA)
    now = office.clock.now()
    with office.engine.begin() as connection:
        _standing, pieces = read(connection, XCA, now)
        encoded = (piece.der for piece in pieces)
        return sign_list(authority.issuer, authority.signer, CrlPlan.daily(1, now), encoded)


def theirs(office: Office) -> bytes:
    """Read the revoked certificates and let the library build and sign the list."""
    authority = working(office, XCA)
    now, c = office.clock.now(), t.certificate.c
    issuer = x509.load_der_x509_certificate(authority.certificate)
    revoked = []
    with office.engine.connect() as connection:
        query = sa.select(c.serial, c.status_at, c.reason).where(
            c.ca == XCA, c.status.in_(("suspended", "revoked"))
        )
        rows = connection.execute(query.execution_options(stream_results=True, max_row_buffer=20_000))
        for row in rows:
            reason = x509.CRLReason(x509.ReasonFlags[crl_reason(row.reason).name.lower()])
            builder = x509.RevokedCertificateBuilder(int(row.serial, 16), row.status_at)
            revoked.append(builder.add_extension(reason, critical=False).build())
    # The public way to add one copies the list each time; a million of them would take for ever.
    made = x509.CertificateRevocationListBuilder(
        issuer.subject, now, now + timedelta(hours=24), [], revoked
    ).add_extension(x509.CRLNumber(1), critical=False)
    return made.sign(authority.signer.private_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def publication(office: Office) -> bytes:
    """Publish all lists: read, sign, check, store, commit."""
    handle(office, PublishCrl(authority=XCA), SYSTEM)
    return b""


def checked(office: Office) -> float:
    """Return the seconds that the check of a list takes."""
    der, certificate = ours(office), working(office, XCA).certificate
    began = time.perf_counter()
    check_crl(der, certificate, CrlExpectation(0, REVOKED, office.clock.now()))
    return time.perf_counter() - began


def peak_memory() -> float:
    """Return the peak of this process's memory in MiB; `getrusage` would tell that of its parent where it was higher."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("the kernel does not tell the peak of a process's memory")


def _run(url: str, make: Callable[[Office], bytes], answer: Any) -> None:
    office = an_office(url)
    working(office, XCA)
    with office.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    base = peak_memory()
    began = time.perf_counter()
    made = make(office)
    took = time.perf_counter() - began
    peak = peak_memory()
    entries = len(x509.load_der_x509_crl(made)) if made else 0
    answer.send((took, peak, base, entries))


def apart(url: str, make: Callable[[Office], bytes]) -> tuple[float, float]:
    """Do something in a fresh process; returns its seconds and the peak of its memory in MiB."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_run, args=(url, make, sending))
    child.start()
    took, peak, base, entries = receiving.recv()
    child.join()
    assert entries in {0, REVOKED}
    print(f"{make.__name__}: {took:.2f} s, peak {peak:.0f} MiB of which {base:.0f} before", file=sys.stderr)
    return took, peak


def look_ups(url: str) -> float:
    """Return the median milliseconds of one look-up of a status."""
    engine = open_engine(url)
    dice = random.Random(7)
    with engine.connect() as connection:
        query = sa.select(t.certificate.c.serial).where(
            t.certificate.c.id.in_([dice.randint(1, CERTIFICATES) for _ in range(LOOK_UPS)])
        )
        serials = [int(text, 16) for text in connection.execute(query).scalars()]
    took = []
    with reader(engine) as statuses:
        for serial in serials:
            began = time.perf_counter()
            meaning(statuses.read({XCA: [serial]})[XCA, serial])
            took.append((time.perf_counter() - began) * 1000)
    engine.dispose()
    return statistics.median(took)


def main() -> None:
    """Lay the certificates down, and measure."""
    with fresh_url("postgresql") as url:
        office = an_office(url)
        began = time.perf_counter()
        prepare(office)
        print(f"set-up of {CERTIFICATES} certificates: {time.perf_counter() - began:.0f} s", file=sys.stderr)
        runs = [(apart(url, ours), apart(url, theirs)) for _ in range(ROUNDS)]
        took = statistics.median(one[0][0] for one in runs)
        peak = max(one[0][1] for one in runs)
        ratio = statistics.median(peer[0] / own[0] for own, peer in runs)
        check = checked(office)
        whole, whole_peak = apart(url, publication)
        found = look_ups(url)
        office.engine.dispose()
    against = "the certificate library's builder, reading the same database"
    report("crl_of_a_million_entries", took, "s", ratio, against)
    report("crl_peak_memory", max(peak, whole_peak), "MiB", 400 / max(peak, whole_peak), "a limit of 400 MiB")
    report("crl_check_of_a_million_entries", check, "s", took / check, "making the list")
    report("crl_publication_of_a_million_entries", whole, "s", took / whole, "making the complete list alone")
    figure = {
        "name": "status_among_3_million",
        "value": round(found, 4),
        "unit": "ms",
        "ratio": round(1 / found, 1),
    }
    print(json.dumps(figure | {"against": "a limit of 1 ms"}))


if __name__ == "__main__":
    main()
