"""Certificates a second through the whole pipeline on PostgreSQL, and beside cfssl, which has neither lints nor records.

The pipeline is that of the worker: gate, prepare, lint, commit of the intents, signature, commit of the certificates with
their audit entries and search terms, and the seal of the log; the database has the migrated schema and syncs each commit.
The approvals of each batch were signed before. Requests are P-256, the authority's key is RSA-2048, the same for both
sides. cfssl gets one request after another over one connection, and uses as many cores as it likes; its client's time is
in its rate by the clock. We issue with one worker process, and with two that share a batch, as an operator starts them,
each with its two threads. The workers are the same in all rounds, as in an office where they run for months; the first
round, in which everybody prepares their statements, does not count. Each round measures both sides one after the other,
so that both meet the same noise, and a figure is the median of the rounds. A CPU-second is one of our processes and their
database connections together, or of cfssl's process. Debian's
package of cfssl is installed where it is missing. `--profile` prints where the time goes.
"""

from __future__ import annotations

import cProfile
import http.client
import json
import multiprocessing
import os
import pstats
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from registry import an_office, fresh_url, report

from ops.database import upgrade
from ops.worker import hands, keep_what_is_loaded
from pki import issuing
from pki.lint.run import LintReport
from pki.pem import certificate_pem
from workflow import authorities
from workflow import commands_of_requests as r
from workflow.authorities import working
from workflow.facts import SYSTEM, Actor
from workflow.handlers import handle
from workflow.performers import perform_next
from workflow.store import schema as t
from workflow.store.database import open_engine
from workflow.store.sealing import seal
from workflow.vocabulary import Ca, Lane, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workflow.office import Office

BATCH = 250
LARGE_BATCH = 1000
WORKERS = 2
ROUNDS = 5
PASSWORD = "only for the benchmark"  # noqa: S105 - it protects nothing.
OID = "2.16.886.101.1"
PROFILE = "agency_non_card_signature"
CONTACT = {"contact_name": "王小明", "contact_email": "contact@example.org"}
POLICY = {"signing": {"default": {"expiry": "43800h", "usages": ["digital signature"]}}}
AGAINST_FLOOR = "60 a second a core"
FLOOR = 60


@dataclass(frozen=True)
class Round:
    """What one round measured: rates by the clock and by the CPU."""

    whole: tuple[float, float]
    unlinted: tuple[float, float]
    together: tuple[float, float]
    bare: float
    peer: tuple[float, float]


def new_requests(count: int) -> list[bytes]:
    """Make signing requests, each with a key of its own."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    made = (builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()) for _ in range(count))
    return [one.public_bytes(Encoding.PEM) for one in made]


def people(office: Office) -> tuple[Actor, Actor]:
    """Give the office two officers and an agency."""
    with office.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(
            sa.insert(t.organisation).values(
                ca="gca", name="示範機關", oid=OID, kind="agency", county="臺北市", town="中正區",
                postal_code="100", address="x", phone="02-1", email="o@example.org",
            )
        )  # fmt: skip
        return tuple(_officer(connection, office, login) for login in ("one", "two"))  # type: ignore[return-value]


def _officer(connection: sa.Connection, office: Office, login: str) -> Actor:
    sealed, spki = office.statements.new_key(PASSWORD)
    person = connection.execute(sa.insert(t.person).values(name=login)).inserted_primary_key[0]
    account = connection.execute(
        sa.insert(t.account).values(
            login=login, person_id=person, roles=["second_reviewer"], password_hash="", signing_key=sealed,
            signing_spki=spki,
        )
    ).inserted_primary_key[0]  # fmt: skip
    return Actor(login, frozenset({Role.SECOND_REVIEWER}), account, person)


def approved_batch(office: Office, officers: tuple[Actor, Actor], requests: list[bytes]) -> None:
    """Bring a batch to where the worker issues it."""
    items = tuple(r.RequestedItem(label=str(n), csr=csr) for n, csr in enumerate(requests))
    submitted = r.SubmitCertificateRequest(
        ca=Ca.GCA, profile=PROFILE, organisation_oid=OID, items=items, contact=CONTACT
    )
    desk = Actor("desk", frozenset({Role.HELP_DESK}))
    case_id = int(handle(office, submitted, desk).case_id or 0)
    handle(office, r.ExamineRequest(case_id=case_id), SYSTEM)
    for kind, officer in zip((r.ApproveRequest, r.ConfirmRequest), officers, strict=True):
        with office.reading() as connection:
            seen = connection.execute(
                sa.select(t.case.c.snapshot_sha256).where(t.case.c.id == case_id)
            ).scalar()
        handle(office, kind(case_id=case_id, seen_sha256=str(seen), password=PASSWORD), officer)


def cpu_of(pid: int) -> float:
    """Return the CPU-seconds that a process has used, of all its threads, to the nanosecond."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in threads) / 1e9


def backends(office: Office) -> list[int]:
    """Return the processes that serve this office's connections."""
    with office.reading() as connection:
        query = sa.text("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        return list(connection.execute(query).scalars())


class Hand:
    """Another worker: a process with a connection of its own that stays for all rounds, as an operator's workers do."""

    def __init__(self, office: Office, name: str) -> None:
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(office, name, theirs), daemon=True)
        self._process.start()
        # It has its connection.
        self._pipe.recv()

    def go(self) -> None:
        """Let it work through the lane."""
        self._pipe.send(True)

    def used(self) -> float:
        """Wait until nothing is left to claim; returns the CPU-seconds that it took."""
        return float(self._pipe.recv())

    def dismiss(self) -> None:
        """End it."""
        self._pipe.send(False)
        self._process.join()


def _serve(office: Office, name: str, pipe: Any) -> None:
    # The connections that were inherited are the parent's.
    office.engine.dispose(close=False)
    mine = replace(office, engine=open_engine(office.engine.url.render_as_string(hide_password=False)))
    with mine.reading() as connection:
        connection.exec_driver_sql("SELECT 1")
    keep_what_is_loaded()
    pipe.send(0.0)
    with without_lints():
        while pipe.recv():
            began = time.process_time()
            issue(mine, name)
            pipe.send(time.process_time() - began)
    mine.engine.dispose()


def issue_all(office: Office, others: Sequence[Hand] = ()) -> tuple[float, float]:
    """Let workers issue approved batches and seal the log; returns seconds by the clock, and of CPU with the database's."""
    before = {pid: cpu_of(pid) for pid in backends(office)}
    clock, own = time.perf_counter(), time.process_time()
    for hand in others:
        hand.go()
    issue(office, "bench-0")
    used = sum(hand.used() for hand in others)
    seal(office)
    took, own = time.perf_counter() - clock, time.process_time() - own
    own += used + sum(cpu_of(pid) - before.get(pid, 0.0) for pid in backends(office))
    with office.reading() as connection:
        states = set(connection.execute(sa.select(t.case.c.state)).scalars())
    assert states == {"issued"}, states
    return took, own


def issue(office: Office, name: str) -> None:
    """Work through the lane until nothing is left to claim, in as many threads as a worker has for it."""
    number = hands(office, Lane.CERTIFICATE)
    with ThreadPoolExecutor(number) as pool:
        list(pool.map(lambda _hand: drain(office, name), range(number)))


def drain(office: Office, name: str) -> None:
    """Do one piece of work after another until nothing is left to claim."""
    while perform_next(office, Lane.CERTIFICATE, name):
        pass


def measure(
    office: Office, officers: tuple[Actor, Actor], requests: list[bytes], others: Sequence[Hand] = ()
) -> tuple[float, float]:
    """Return certificates a second by the clock, and a CPU-second of the workers and their database together."""
    with without_lints():
        # The dry run is no part of what is measured.
        approved_batch(office, officers, requests)
    seal(office)
    clock, own = issue_all(office, others)
    return len(requests) / clock, len(requests) / own


def without_lints() -> Any:
    """Leave the lints out, as cfssl has none."""
    return patch.object(issuing, "_lint_under_throw_away_key", lambda *_a: LintReport((), ()))


# --- the peer --------------------------------------------------------------------------------------------------------


def cfssl_program() -> str | None:
    """Return where cfssl is, installing Debian's package when this is root's machine."""
    if shutil.which("cfssl") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("installing golang-cfssl", file=sys.stderr)
        subprocess.run(["apt-get", "install", "-y", "-qq", "golang-cfssl"], check=False, capture_output=True)
    return shutil.which("cfssl")


def cfssl_rate(program: str, office: Office, requests: list[bytes]) -> tuple[float, float]:
    """Return how many requests cfssl signs with the same key over one connection: in a second, and in a CPU-second."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        authority = working(office, authorities.current(office, Ca.GCA))
        pem = authority.signer.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (place / "ca.pem").write_bytes(certificate_pem(authority.certificate))
        (place / "ca-key.pem").write_bytes(pem)
        (place / "config.json").write_text(json.dumps(POLICY))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [
            program, "serve", "-address", "127.0.0.1", "-port", str(port), "-ca", str(place / "ca.pem"), "-ca-key",
            str(place / "ca-key.pem"), "-config", str(place / "config.json"), "-loglevel", "5",
        ]  # fmt: skip
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _ask(port, requests[:10])
            before = cpu_of(server.pid)
            rate = _ask(port, requests)
            return rate, len(requests) / (cpu_of(server.pid) - before)
        finally:
            server.terminate()
            server.wait()


def _ask(port: int, requests: list[bytes]) -> float:
    connection = _connected(port)
    bodies = [json.dumps({"certificate_request": csr.decode()}) for csr in requests]
    began = time.perf_counter()
    for body in bodies:
        connection.request("POST", "/api/v1/cfssl/sign", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == http.client.OK, said
    return len(requests) / (time.perf_counter() - began)


def _connected(port: int) -> http.client.HTTPConnection:
    for _ in range(100):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.connect()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return connection
    raise TimeoutError("cfssl does not answer")


def bare_rate(office: Office, requests: list[bytes]) -> float:
    """Return how many certificates are gated, built and signed in a CPU-second, without lints and records: cfssl's work."""
    from pki.csr import AcceptedRequest, examine_csr
    from pki.profiles import PROFILES

    authority = working(office, authorities.current(office, Ca.GCA))
    profile = PROFILES[PROFILE]
    began = time.process_time()
    for csr in requests:
        accepted = examine_csr(csr, profile)
        assert isinstance(accepted, AcceptedRequest)
        prepared = issuing.prepare(
            _order(office, authority.name, profile, accepted.spki_der), authority.issuer
        )
        issuing.sign(prepared.tbs_der, prepared.tbs_sha256, authority.issuer, authority.signer)
    return len(requests) / (time.process_time() - began)


def _order(office: Office, authority: str, profile: Any, spki: bytes) -> Any:
    from pki.names import agency
    from pki.orders import CertificateOrder
    from workflow.requested_profiles import attributes_of

    serial = issuing.new_serial()
    return CertificateOrder(
        profile, agency("示範機關"), spki, serial, office.clock.now(),
        authorities.addresses(office, authority, serial), attributes_of(profile, OID),
    )  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """Who takes part in the rounds."""

    office: Office
    officers: tuple[Actor, Actor]
    program: str | None
    others: Sequence[Hand]


def one_round(bench: Bench) -> Round:
    """Measure each of the figures once: the peer in the middle, beside each of those that are compared with it."""
    office, officers = bench.office, bench.officers
    whole = measure(office, officers, new_requests(BATCH))
    requests = new_requests(LARGE_BATCH)
    with without_lints():
        unlinted = measure(office, officers, requests)
        nan = float("nan")
        peer = cfssl_rate(bench.program, office, requests) if bench.program else (nan, nan)
        together = measure(office, officers, new_requests(LARGE_BATCH * WORKERS), bench.others)
        bare = bare_rate(office, requests)
    return Round(whole, unlinted, together, bare, peer)


def run(office: Office) -> None:
    """Measure the rounds and report each figure."""
    others = [Hand(office, f"bench-{place}") for place in range(1, WORKERS)]
    bench = Bench(office, people(office), cfssl_program(), others)
    try:
        # Another first, in which everybody prepares their statements.
        rounds = [one_round(bench) for _ in range(ROUNDS + 1)][1:]
    finally:
        for hand in others:
            hand.dismiss()
    against = ["cfssl {:.0f}/s over one connection", "cfssl {:.0f}/CPU-s"]
    told = [said.format(median(one.peer[which] for one in rounds)) for which, said in enumerate(against)]
    for which, (ending, unit) in enumerate((("", "certificates/s"), ("_core", "certificates/CPU-s"))):
        rate = median(one.whole[which] for one in rounds)
        report(f"issue_whole{ending}", rate, unit, rate / FLOOR, AGAINST_FLOOR)
        ratio = median(one.whole[which] / one.peer[which] for one in rounds)
        report(f"issue_whole{ending}", rate, unit, ratio, told[which])
        rate = median(one.unlinted[which] for one in rounds)
        ratio = median(one.unlinted[which] / one.peer[which] for one in rounds)
        report(f"issue_without_lint{ending}", rate, unit, ratio, told[which])
    rate = median(one.together[0] for one in rounds)
    ratio = median(one.together[0] / one.peer[0] for one in rounds)
    report(f"issue_without_lint_{WORKERS}_workers", rate, "certificates/s", ratio, told[0])
    ratio = median(one.bare / one.peer[1] for one in rounds)
    report("issue_bare_core", median(one.bare for one in rounds), "certificates/CPU-s", ratio, told[1])


def main() -> None:
    """Measure, or say with --profile where the time goes."""
    with fresh_url("postgresql") as url:
        upgrade(url)
        office = an_office(url, sealing_lag_seconds=600)
        authorities.establish(office, office.clock.now())
        keep_what_is_loaded()
        if "--profile" in sys.argv:
            profiler = cProfile.Profile()
            officers = people(office)
            approved_batch(office, officers, new_requests(BATCH))
            seal(office)
            profiler.runcall(drain, office, "bench-0")
            pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)
        else:
            run(office)
        office.engine.dispose()


if __name__ == "__main__":
    main()
