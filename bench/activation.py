"""What the control over the keys costs: a guarded signature beside a bare one, and how soon a killed keeper is felt.

Both signatures are RSA-2048 with the same key, in turns; the figure is the ratio of the medians. The end is
measured from the kill of the keeper's process to the moment that a lease's holder has dropped its keys.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

from registry import report

from ops.activation import KeeperClient
from pki.keys import KeyKind
from pki.keystores import SharedKeystore, SoftwareKeystore
from tests.activations import SECRET, KeeperProcess

if TYPE_CHECKING:
    from pki.keys import Signer

TIMES = 1_500


def seconds(signer: Signer) -> float:
    """Return how long one signature takes."""
    begun = time.perf_counter()
    signer.sign(b"data")
    return time.perf_counter() - begun


def main() -> None:
    """Measure, and print a line for each figure."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "activation.sock"
        keeper = KeeperProcess(path)
        client = KeeperClient(path)
        client.hold("set", bytearray(SECRET))
        kept = SharedKeystore(client).make("gca", KeyKind.RSA_2048)
        bare = SoftwareKeystore(SECRET).open(kept.sealed, None)
        rounds = [(seconds(kept.signer), seconds(bare)) for _ in range(TIMES)]
        guarded, plain = (statistics.median(times) for times in zip(*rounds, strict=True))
        report(
            "guarded_signature",
            guarded * 1e6,
            "microseconds",
            guarded / plain,
            "the same key without the guard",
        )
        ended = threading.Event()
        client.when_ended(ended.set)
        begun = time.perf_counter()
        os.kill(keeper.process.pid, signal.SIGKILL)
        ended.wait(10)
        felt = time.perf_counter() - begun
        keeper.kill()
        report("deactivation_felt", felt * 1000, "milliseconds", felt, "one second")


if __name__ == "__main__":
    main()
