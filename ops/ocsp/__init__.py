"""The OCSP responder as a process of its own: `guanfang ocsp serve` (CRL-04..07).

`server` speaks HTTP, `memory` keeps answers while that is safe, `signing` makes new ones in batches, `follower` hears
of changes of status, `process` puts them together for each of the workers. What an answer says is decided in
`workflow.ocsp`; nothing here writes a certificate's status.
"""
