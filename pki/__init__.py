"""Certificates, CRLs, OCSP answers, keys and profiles, as functions on values.

Start at `profiles` (what a certificate looks like), `issuing` (prepare, lint, sign), `crl`, `ocsp` and `keys`.
`workflow.performers`, `ops` and, for OCSP alone, `web/repository.py` may call this room; it imports no other room.
It never reads a clock, a file or a database and knows no case: time comes in as an argument, key bytes and
certificates come in and go out as DER, and who is allowed to do a thing was decided before this room is called.
Whatever it refuses, it refuses by raising a `pki.errors.PkiError` with a code.
"""
