"""Lints that every certificate passes before the CA key is used.

`run.run_lints` is the only door, called by `pki.issuing`. It runs an independent public linter (pkilint with the RFC 5280
rules) and our own lints, one file each, whose header names the rule, its source and the day it came into force.
A lint looks at the finished certificate alone, never at the order it was built from, so that it cannot share a mistake
with the code that built it.
"""
