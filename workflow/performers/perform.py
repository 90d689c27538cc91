"""Which performer carries out which effect, and the round of claiming, performing and settling."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pki.activation import NOT_ACTIVATED
from pki.errors import KeyRefusedError
from workflow.authorities import NOT_ACTIVATED_CODE
from workflow.effects import Effect
from workflow.errors import RegistryError, Unavailable
from workflow.performers.alarms import send_alarm
from workflow.performers.crl import publish_crl
from workflow.performers.keeping import kept
from workflow.performers.manufacture import manufacture
from workflow.performers.new_code import send_new_code
from workflow.performers.notices import mail_form, send_notice
from workflow.performers.requests import examine_request, issue_items
from workflow.store.outbox import Work, claim, explain, let_wait, put_back, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workflow.office import Office
    from workflow.vocabulary import Lane

logger = logging.getLogger(__name__)

PERFORMERS: Mapping[Effect, Callable[[Office, Work], None]] = {
    Effect.MAIL_FORM: mail_form,
    Effect.NOTICE: send_notice,
    Effect.MANUFACTURE: manufacture,
    Effect.PUBLISH_CRL: publish_crl,
    Effect.SEND_NEW_CODE: send_new_code,
    Effect.EXAMINE_REQUEST: examine_request,
    Effect.ISSUE_ITEMS: issue_items,
    Effect.ALARM: send_alarm,
}

NEED_KEYS = frozenset({Effect.MANUFACTURE, Effect.PUBLISH_CRL, Effect.EXAMINE_REQUEST, Effect.ISSUE_ITEMS})
"""Effects that use an authority's key; they wait, uncounted, while the keys are not activated (ROL-08)."""


def _left(office: Office, lane: Lane) -> frozenset[Effect]:
    """Return the effects that have to wait, after telling so at the work that waits for them."""
    if office.keys_activated():
        return frozenset()
    explain(office, lane, NEED_KEYS, Unavailable(NOT_ACTIVATED_CODE).zh)
    return NEED_KEYS


def perform_next(office: Office, lane: Lane, worker: str) -> bool:
    """Claim and carry out the next piece of work of a lane; False when there is none.

    It stays claimed while it is being done. Work that fails goes back with a longer pause each time, and becomes a dead
    letter for people at the end. Only a failure that nobody foresaw is raised, after the work was put back.
    """
    work = claim(office, lane, worker, _left(office, lane))
    if work is None:
        return False
    fields = {"outbox": work.id, "effect": str(work.effect), "case": work.case_id, "attempt": work.attempts}
    try:
        with kept(office, work) as mine:
            PERFORMERS[work.effect](mine, work)
    except RegistryError as error:
        logger.warning("work refused: %s", error.code, extra=fields)
        if error.code == NOT_ACTIVATED_CODE:
            let_wait(office, work, error.zh)
        else:
            put_back(office, work, error.zh)
    except KeyRefusedError as error:
        if error.code != NOT_ACTIVATED:
            put_back(office, work, f"{type(error).__name__}: {error}")
            raise
        # The keys were deactivated between two of its steps, each of which can be done again.
        logger.warning("work waits: %s", error.code, extra=fields)
        let_wait(office, work, Unavailable(NOT_ACTIVATED_CODE).zh)
    except OSError as error:
        # The mail server, a reader or the disk can't be reached: smtplib's errors are OSErrors too.
        logger.warning("work failed: %s", error, extra=fields)
        put_back(office, work, f"{type(error).__name__}: {error}")
    except BaseException as error:
        put_back(office, work, f"{type(error).__name__}: {error}")
        raise
    else:
        settle(office, work)
        logger.info("work done", extra=fields)
    return True
