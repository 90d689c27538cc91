"""The gate for certification requests (PKCS#10, RFC 2986): read, judge, and say everything that is wrong at once.

`examine_csr` is the only door. A request gives a public key, the proof that its sender holds the private half, and for
TLS the domains; whatever else it asks for is ignored and remarked on, since the profile and the register decide what
a certificate says. Nothing here knows who may apply for which domain: that is the case's matter.
"""

from pki.csr.domains import common_name_of
from pki.csr.findings import Finding
from pki.csr.gate import AcceptedRequest, GateContext, RefusedRequest, examine_csr

__all__ = ["AcceptedRequest", "Finding", "GateContext", "RefusedRequest", "common_name_of", "examine_csr"]
