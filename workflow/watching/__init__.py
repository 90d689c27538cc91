"""Watches over the registry: they read, and report what is wrong as findings with codes; they never mend anything.

One file a watch, each a function of a connection and the time. `ops.watches` runs them when they are due and sends
what they found through the one door (`RecordWatch`), which keeps, audits and tells it.
"""
