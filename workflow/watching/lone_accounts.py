"""Tell of accounts with trusted roles that one person made alone, until somebody else has confirmed them (ROL-02, ROL-07)."""

from __future__ import annotations

import sqlalchemy as sa

from workflow.commands_of_watches import Found
from workflow.store import schema as t
from workflow.vocabulary import ProposalState

P = t.account_proposal.c


def lone_accounts(connection: sa.Connection) -> tuple[Found, ...]:
    """Return a finding for each account that still waits to be confirmed."""
    query = sa.select(P.id, P.login, P.reason).where(P.state == str(ProposalState.ALONE)).order_by(P.id)
    return tuple(
        Found(
            code="account.alone",
            subject=row.login,
            zh=f"帳號 {row.login} 係單人緊急開立並授予受信賴角色（{row.reason}），請稽核員查明後以 guanfang accounts confirm 確認。",
            en=f"The account {row.login} was given a trusted role by one person alone ({row.reason}). An auditor"
            " looks into it and then runs `guanfang accounts confirm`.",
            rows=(f"account_proposal:{row.id}",),
        )
        for row in connection.execute(query)
    )
