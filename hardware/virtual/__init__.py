"""The card in memory: a PIV application in Python whose state lives in a file, for demonstrations and tests.

`hardware.station` and tests may call it. It behaves like a bought blank card: factory PIN, PUK and management key,
keys made inside, counters of three. It is never a place for a real person's key: the private keys lie readable in
the card's file, and its arithmetic is not hardened against measurement.
"""
