"""The administrator: whose accounts there are, unlocking one, and ending one (ROL-09, WEB-01).

Accounts and cards are made with `guanfang accounts` at the machine, where the person is present.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from web import access
from web.access import allow
from web.door import perform
from web.errors import problems_of, status_of
from web.language import t
from web.ports import office
from workflow.commands_of_accounts import EndAccount, UnlockAccount
from workflow.errors import FieldProblem, RegistryError
from workflow.views import account_list
from workflow.views.accounts import proposals
from workflow.vocabulary import Role

if TYPE_CHECKING:
    from web.casework import Answer

blueprint = Blueprint("administrator", __name__, url_prefix="/administrator")
_ID = "<int(max=999999999999999):account_id>"
_COMMANDS = {"unlock": UnlockAccount, "end": EndAccount}


@blueprint.get("/accounts/")
@allow(Role.ADMINISTRATOR, Role.AUDITOR)
def accounts() -> str:
    """List all accounts, the closed ones last."""
    with office().reading() as connection:
        found = account_list.all_accounts(connection, office().clock.now())
        waiting = proposals(connection)
    manages = access.actor().has(Role.ADMINISTRATOR)
    return render_template("administrator/accounts.html", found=found, waiting=waiting, manages=manages)


@blueprint.get(f"/accounts/{_ID}/")
@allow(Role.ADMINISTRATOR)
def account(account_id: int) -> str:
    """Show one account, and what can be done with it."""
    return _page(account_id)


@blueprint.post(f"/accounts/{_ID}/")
@allow(Role.ADMINISTRATOR)
def change(account_id: int) -> Answer:
    """Unlock or end an account, with the reason."""
    with office().reading() as connection:
        one = account_list.one_account(connection, account_id, office().clock.now())
    command = _COMMANDS.get(request.form.get("do", ""))
    if command is None:
        return redirect(url_for("administrator.account", account_id=account_id))
    try:
        perform(command(login=one.login, reason=request.form.get("reason", "")))
    except RegistryError as error:
        return _page(account_id, problems_of(error, "reason")), status_of(error)
    done = (
        t("已解除鎖定。", "Unlocked.")
        if command is UnlockAccount
        else t("帳號已停用。", "The account is ended.")
    )
    flash(f"{one.login}　{done}", "good")
    return redirect(url_for("administrator.accounts"))


def _page(account_id: int, problems: tuple[FieldProblem, ...] = ()) -> str:
    with office().reading() as connection:
        one = account_list.one_account(connection, account_id, office().clock.now())
    own = one.person_id == access.actor().person_id
    return render_template(
        "administrator/account.html", one=one, own=own, problems=problems, typed=request.form
    )
