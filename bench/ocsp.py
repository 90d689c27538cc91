"""OCSP answers a second: kept ones beside `cfssl ocspserve`, freshly signed ones beside the bare RSA signature.

cfssl serves on all cores, and we with one worker: on a machine of few cores a second one takes them from wrk. We are
asked by GET, which is what caches keep (RFC 5019 §5), and by POST; cfssl by POST alone, since Debian's refuses every
GET. Many ask at once, as relying parties of a country do. Both servers and wrk share the machine's cores, and so may
others: each round measures both peers one after the other, and the figure is the median of the rounds' ratios. Answers
for each second of a server's own processor time don't depend on how many cores it got. The live figure asks with a
nonce, about 50,000 certificates in turn on PostgreSQL, so that every answer is two readings of the database and a
signature of RSA-2048. Debian's packages of wrk, cfssl and openssl are installed where they are missing.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from registry import fresh_url, report

from ops.database import upgrade
from tests.ocsp.responding import a_registry, free_port, path_of, question, start
from workflow.authorities import OCSP_PATH
from workflow.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ocsp.responding import Responder
    from tests.workflow.registry import Registry

ROUNDS = 5
SECONDS = 3
CONNECTIONS = 128
CERTIFICATES = 50_000
REQUESTS = 5_000
PACKAGES = {"wrk": "wrk", "cfssl": "golang-cfssl", "openssl": "openssl"}
READ = """
local requests = {}
for line in io.lines("BODIES") do
  requests[#requests + 1] = (line:gsub("..", function(pair) return string.char(tonumber(pair, 16)) end))
end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/ocsp-request"
"""
# wrk writes a request that is always the same only once; the others are written before the run as well.
POST_ONE = READ + "wrk.body = requests[1]"
POST = (
    READ
    + """
init = function()
  for number = 1, #requests do requests[number] = wrk.format(nil, nil, nil, requests[number]) end
end
local number = 0
request = function()
  number = number % #requests + 1
  return requests[number]
end
"""
)


def need_programs() -> None:
    """Install what is missing where that is possible, and say what is missing where it is not."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {' '.join(missing)}", file=sys.stderr)
        subprocess.run(["apt-get", "install", "-y", "-q", *missing], check=True, stdout=subprocess.DEVNULL)
    elif missing:
        sys.exit(f"bench/ocsp.py needs the Debian packages {' '.join(missing)}")


def lay_down_certificates(registry: Registry) -> list[int]:
    """Copy one issued certificate's row, each copy with its own serial; returns the serials."""
    case_id = registry.a_case("activated")
    row = registry.rows(t.certificate, t.certificate.c.case_id == case_id)[0]._asdict()
    del row["id"]
    serials = [secrets.randbits(127) for _ in range(CERTIFICATES)]
    copies = [
        {**row, "serial": f"{serial:032x}", "spki_sha256": f"{number:064x}"}
        for number, serial in enumerate(serials)
    ]
    with registry.engine.begin() as connection:
        for first in range(0, CERTIFICATES, 5_000):
            connection.execute(sa.insert(t.certificate), copies[first : first + 5_000])
        connection.execute(sa.text("ANALYZE certificate"))
    return serials


def wrk(folder: Path, url: str, bodies: list[bytes]) -> float:
    """Return the answers a second that wrk receives; bodies are posted in turn, without any it asks by GET."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s"]
    if bodies:
        (folder / "bodies").write_text("".join(f"{body.hex()}\n" for body in bodies), encoding="ascii")
        script = POST if len(bodies) > 1 else POST_ONE
        (folder / "post.lua").write_text(script.replace("BODIES", str(folder / "bodies")), encoding="ascii")
        command += ["-s", str(folder / "post.lua")]
    said = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        sys.exit(said)
    found = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    if found is None:
        sys.exit(said)
    return float(found[1])


def bare_signatures() -> float:
    """Return the RSA-2048 signatures a second of one thread, by the clock on the wall as for the servers."""
    said = subprocess.run(
        ["openssl", "speed", "-elapsed", "-seconds", str(SECONDS), "rsa2048"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return float(re.findall(r"rsa 2048 bits .*?([0-9.]+)\s+[0-9.]+\s*$", said, re.MULTILINE)[-1])


@contextmanager
def cfssl(folder: Path, response: bytes) -> Iterator[tuple[str, int]]:
    """Serve one response, made beforehand, by cfssl."""
    (folder / "responses").write_bytes(base64.b64encode(response) + b"\n")
    port = free_port()
    server = subprocess.Popen(
        ["cfssl", "ocspserve", f"-port={port}", "-address=127.0.0.1", f"-responses={folder / 'responses'}", "-loglevel=5"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}/", server.pid
    finally:
        server.terminate()
        server.wait()


@contextmanager
def serving(database: str, folder: Path, workers: int) -> Iterator[Responder]:
    """Run a responder of some workers."""
    responder = start(database, folder, workers, log_level="WARNING")
    try:
        responder.wait()
        yield responder
    finally:
        responder.end()


def cpu_seconds(process: int) -> float:
    """Return the processor time of a process and of those it started."""
    total = 0.0
    for pid in (process, *_children(process)):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(") ", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _children(process: int) -> list[int]:
    return [
        int(pid)
        for pid in Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    ]


def per_cpu_second(process: int, folder: Path, url: str, bodies: list[bytes]) -> tuple[float, float]:
    """Return the answers a second, and those for each second of the server's processor time."""
    before = cpu_seconds(process)
    answers = wrk(folder, url, bodies)
    return answers, answers * SECONDS / (cpu_seconds(process) - before)


def kept(responder: Responder, asked: bytes, folder: Path) -> None:
    """Measure kept answers, asked for by GET and by POST."""
    host, ours = f"http://127.0.0.1:{responder.port}", responder.process.pid
    with cfssl(folder, responder.post(asked).body) as (peer, pid):
        _wait_for(peer, asked)
        ways = {"GET": (host + path_of(asked), []), "POST": (host + OCSP_PATH, [asked])}
        for way, (url, bodies) in ways.items():
            pairs = [
                (per_cpu_second(ours, folder, url, bodies), per_cpu_second(pid, folder, peer, [asked]))
                for _ in range(ROUNDS)
            ]
            for which, unit in enumerate(("1/s", "1/CPU-s")):
                name, against = (
                    f"OCSP, kept answer, {way}, one worker",
                    "cfssl ocspserve, POST, all cores",
                )
                mine, theirs = [one[which] for one, _ in pairs], [one[which] for _, one in pairs]
                _say(name, mine, theirs, against, unit)


def _wait_for(peer: str, asked: bytes) -> None:
    request = urllib.request.Request(peer, asked, {"Content-Type": "application/ocsp-request"})  # noqa: S310 - our own.
    for _ in range(100):
        try:
            with urllib.request.urlopen(request) as found:  # noqa: S310 - the same.
                assert len(found.read()) > 1000
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("cfssl does not answer")


def live(responder: Responder, registry: Registry, serials: list[int], folder: Path) -> None:
    """Measure signed answers beside bare signatures."""
    asked = [
        question(registry.office, "xca", serials[number * 7 % CERTIFICATES], secrets.token_bytes(16))
        for number in range(REQUESTS)
    ]
    url = f"http://127.0.0.1:{responder.port}{OCSP_PATH}"
    ours, bare = [], []
    for _ in range(ROUNDS):
        ours.append(wrk(folder, url, asked))
        bare.append(bare_signatures())
    assert responder.post(asked[0]).word == "good"
    _say("OCSP, signed live with look-ups, one worker", ours, bare, "openssl speed rsa2048, one core")


def _say(name: str, ours: list[float], theirs: list[float], against: str, unit: str = "1/s") -> None:
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    report(name, statistics.median(ours), unit, ratio, against)


def main() -> None:
    """Measure all."""
    need_programs()
    with fresh_url("postgresql") as database, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        upgrade(database)
        registry = a_registry(database)
        serials = lay_down_certificates(registry)
        try:
            with serving(database, folder, 1) as responder:
                kept(responder, question(registry.office, "xca", serials[0]), folder)
                live(responder, registry, serials, folder)
        finally:
            registry.close()


if __name__ == "__main__":
    main()
