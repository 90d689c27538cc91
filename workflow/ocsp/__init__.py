"""Answering OCSP requests from the very rows that the CRLs are made of (CRL-05, SUS-10).

`answering` holds the protocol that keeps answers in real time, `statuses` reads the rows, `responders` keeps the
short-lived certificates, `feed` tells which statuses have changed. The screens' process and the responder's own
process (`ops.ocsp`) both come here. Nothing here changes a certificate's status.
"""

from workflow.ocsp.answering import Answer, Desk, answer_all
from workflow.ocsp.once import answer, answer_get, status

__all__ = ["Answer", "Desk", "answer", "answer_all", "answer_get", "status"]
