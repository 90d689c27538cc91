"""An office whose keys several people have to activate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pki.keystores import SharedKeystore
from tests.activations import SECRET
from tests.workflow import batches

if TYPE_CHECKING:
    from pki.activation import Activation
    from workflow.office import Office


def shared(activation: Activation, office: Office) -> Office:
    """Return the office with its keys, when it has some, sealed under the shared secret of the tests."""
    return replace(office, key_passphrase=SECRET, activation=activation, token=SharedKeystore(activation))


def under(activation: Activation, office: Office) -> Office:
    """Return such an office with its authorities."""
    made = shared(activation, office)
    batches.establish(made)
    return made
