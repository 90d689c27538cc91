"""The nightly reconciliation: do cases, work, letters, certificates, lists, answers, cards, mail and stock agree?

Each file checks one pair of books against another and gives findings; none of them changes anything. What changed
while a check ran may show once; a finding that stays for two nights is one.
"""

from workflow.watching.reconciling.everything import Reconciled, reconcile

__all__ = ["Reconciled", "reconcile"]
