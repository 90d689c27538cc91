from __future__ import annotations

import pytest

from pki.errors import KeyRefusedError, StatementRefusedError
from pki.keys import KeyKind, SoftwareSigner
from pki.statement import new_staff_key, sign_statement, unlock, verify_statement

STATEMENT = '{"case":"1","decision":"核准"}'.encode()


def test_a_decision_verifies_under_the_key_of_who_made_it() -> None:
    encrypted, spki = new_staff_key(b"passphrase")
    signature = sign_statement(unlock(encrypted, b"passphrase"), STATEMENT)
    verify_statement(spki, STATEMENT, signature)


def test_an_edit_voids_a_signed_decision() -> None:
    encrypted, spki = new_staff_key(b"passphrase")
    signature = sign_statement(unlock(encrypted, b"passphrase"), STATEMENT)
    with pytest.raises(StatementRefusedError):
        verify_statement(spki, STATEMENT.replace("核准".encode(), "駁回".encode()), signature)
    with pytest.raises(StatementRefusedError):
        verify_statement(spki, STATEMENT, signature[:-1])
    with pytest.raises(StatementRefusedError):
        verify_statement(new_staff_key(b"other")[1], STATEMENT, signature)


def test_a_staff_key_opens_with_its_passphrase_alone() -> None:
    encrypted, _ = new_staff_key(b"passphrase")
    with pytest.raises(KeyRefusedError):
        unlock(encrypted, b"another")


@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.P384])
def test_a_key_of_another_kind_is_no_staff_key(kind: KeyKind) -> None:
    signer = SoftwareSigner.generate(kind)
    with pytest.raises(KeyRefusedError):
        unlock(signer.to_pkcs8(b"x"), b"x")
    with pytest.raises(StatementRefusedError):
        verify_statement(signer.spki_der, STATEMENT, signer.sign(STATEMENT))


def test_bytes_that_are_no_key_verify_nothing() -> None:
    with pytest.raises(StatementRefusedError):
        verify_statement(b"", STATEMENT, b"")
