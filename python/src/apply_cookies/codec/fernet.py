"""Fernet in binary form (SPEC.md §6.2), with time and IV as arguments."""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_HEAD = 25
_BLOCK = 16


def encrypt(key: bytes, seconds: int, iv: bytes, plaintext: bytes) -> bytes:
    """Seals `plaintext` under a key of 32 bytes, at `seconds` since 1970, with an IV of 16 bytes."""
    pad = _BLOCK - len(plaintext) % _BLOCK
    cipher = Cipher(algorithms.AES(key[16:]), modes.CBC(iv)).encryptor()
    body = cipher.update(plaintext + bytes([pad]) * pad) + cipher.finalize()
    sealed = b"\x80" + seconds.to_bytes(8, "big") + iv + body
    return sealed + hmac.digest(key[:16], sealed, "sha256")


def decrypt(key: bytes, sealed: bytes) -> bytes | None:
    """Opens what `encrypt` made; `None` where anything is wrong. The MAC is checked first."""
    body, tag = sealed[:-32], sealed[-32:]
    if not hmac.compare_digest(hmac.digest(key[:16], body, "sha256"), tag):
        return None
    blocks = body[_HEAD:]
    if len(body) < _HEAD or body[0] != 0x80 or not blocks or len(blocks) % _BLOCK:
        return None
    cipher = Cipher(algorithms.AES(key[16:]), modes.CBC(body[9:_HEAD])).decryptor()
    padded = cipher.update(blocks) + cipher.finalize()
    pad = padded[-1]
    if not 1 <= pad <= _BLOCK or padded[-pad:] != bytes([pad]) * pad:
        return None
    return padded[:-pad]
