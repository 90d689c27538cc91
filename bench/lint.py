"""How long the gate and the lints hold up one certificate, and a certification request.

The machine's own limit is measured in the same run: the time of one signature with an RSA key of 2048 bits, which every
certificate costs anyhow. A ratio of 3 means three times as long as that. Run: python bench/lint.py
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pki.csr import examine_csr
from pki.issuing import prepare, sign
from pki.keygate import examine_key
from pki.keys import KeyKind, SoftwareSigner
from pki.lint.run import run_lints
from pki.names import organisation
from pki.orders import Issuer
from pki.profiles import PROFILES
from pki.rehearsal import sample_order

SECONDS = 3.0
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def milliseconds(action: Callable[[], object]) -> float:
    """Return the processor time of one run, over as many as fit into a few seconds."""
    action()
    runs, begin = 0, time.process_time()
    while time.process_time() - begin < SECONDS:
        action()
        runs += 1
    return (time.process_time() - begin) / runs * 1000


def main() -> None:
    """Measure and print one line of JSON a figure."""
    key = SoftwareSigner.generate(KeyKind.RSA_2048)
    issuer = Issuer.of_new_root(organisation("bench"), key.spki_der)
    profile = PROFILES["tls_multi_domain"]
    order = sample_order(profile, SoftwareSigner.generate(KeyKind.RSA_2048).spki_der, NOW)
    ready = prepare(order, issuer)
    certificate = sign(ready.tbs_der, ready.tbs_sha256, issuer, key)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    names = x509.SubjectAlternativeName([x509.DNSName(f"a{n}.example.gov.tw") for n in range(3)])
    request = builder.add_extension(names, critical=False).sign(key.private_key, hashes.SHA256())
    encoded = request.public_bytes(Encoding.PEM)
    limit = milliseconds(lambda: key.sign(ready.tbs_der))
    for name, action in (
        ("lint_certificate", lambda: run_lints(certificate, profile)),
        ("prepare_certificate", lambda: prepare(order, issuer)),
        ("examine_key", lambda: examine_key(order.spki_der)),
        ("examine_csr", lambda: examine_csr(encoded, profile)),
    ):
        value = milliseconds(action)
        figure = {"name": name, "value": round(value, 2), "unit": "ms", "ratio": round(value / limit, 1)}
        print(json.dumps(figure | {"against": f"one RSA-2048 signature, {limit:.2f} ms"}))


if __name__ == "__main__":
    main()
