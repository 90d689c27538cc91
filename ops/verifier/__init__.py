"""The stand-alone verifier of the audit log: reads an export, finds edit, deletion, reordering, truncation and forks.

An auditor runs it on their own machine: it needs Python and `cryptography`, and nothing else of this project, so
this folder may be copied away and run by itself. It has its own hashing, written apart from the sealer's.
`ops.audit` lends its walk to verify the database directly. It never writes and never opens a database.
"""
