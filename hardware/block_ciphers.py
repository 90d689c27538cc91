"""One block of the management key's cipher, in the ECB form that SP 800-73-4 part 2 appendix A.1 uses it in."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from hardware.piv import Algorithm

BLOCK_LENGTHS: Final = {
    Algorithm.TRIPLE_DES: 8,
    Algorithm.AES_128: 16,
    Algorithm.AES_192: 16,
    Algorithm.AES_256: 16,
}


def _cipher(algorithm: Algorithm, key: bytes) -> Cipher[modes.ECB]:
    kind = TripleDES if algorithm is Algorithm.TRIPLE_DES else AES
    # Exactly one random block is ever encrypted under ECB here, as the standard lays down.
    return Cipher(kind(key), modes.ECB())  # noqa: S305


def encrypt_block(algorithm: Algorithm, key: bytes, block: bytes) -> bytes:
    """Encrypt one block."""
    encryptor = _cipher(algorithm, key).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def decrypt_block(algorithm: Algorithm, key: bytes, block: bytes) -> bytes:
    """Decrypt one block."""
    decryptor = _cipher(algorithm, key).decryptor()
    return decryptor.update(block) + decryptor.finalize()
