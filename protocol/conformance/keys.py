"""Bytes, keys and Fernet: SPEC §2, §6.2 and §6.4."""

import base64
import hashlib
import hmac
import re
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

LATEST_TIME = 253402300799999


class Forged(Exception):
    """A MAC that does not fit, or a ciphertext that cannot be decrypted."""


def to_base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text):
    """The bytes, or None unless the text is their one canonical form."""
    if len(text) % 4 == 1 or not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        return None
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return data if to_base64url(data) == text else None


def mac(key, data):
    return hmac.digest(key, data, "sha256")


class Key:
    """What is derived from one root secret."""

    def __init__(self, secret):
        root = secret.encode()
        for end in (b"\r\n", b"\n"):
            if root.endswith(end):
                root = root[: -len(end)]
                break
        if len(root) < 32:
            raise ValueError("a root secret has at least 32 bytes")
        self._extracted = mac(b"apply-cookies/v1", root)
        self.id = self.derive("key-id//", 4)
        self.binding = self.derive("binding/hmac-sha256/")

    def derive(self, info, length=32):
        """HKDF's second step; one block of it is enough for every length here."""
        return mac(self._extracted, b"apply-cookies/v1/" + info.encode() + b"\x01")[:length]

    def binding_of(self, cookie):
        """The binding that a browser with this binding cookie has; None without a well-formed one."""
        data = from_base64url(cookie or "")
        if data is None or len(data) != 32:
            return None
        return mac(self.binding, data)[:16]


class KeyRing:
    def __init__(self, secret, previous=()):
        keys = [Key(each) for each in (secret, *previous)]
        self.current = keys[0]
        self._by_id = {key.id: key for key in keys}
        if len(self._by_id) != len(keys):
            raise ValueError("two keys have the same id")

    def get(self, key_id):
        return self._by_id.get(key_id)


def sign(key, data, context=b""):
    """`data` and its MAC, which covers `context` too."""
    return data + mac(key, context + data)


def verify(key, signed, context=b""):
    data, tag = signed[:-32], signed[-32:]
    if not hmac.compare_digest(tag, mac(key, context + data)):
        raise Forged
    return data


def encrypt(key, plain, seconds, iv):
    """A Fernet token in binary form."""
    padding = 16 - len(plain) % 16
    aes = Cipher(algorithms.AES(key[16:]), modes.CBC(iv)).encryptor()
    blocks = aes.update(plain + bytes([padding]) * padding) + aes.finalize()
    return sign(key[:16], b"\x80" + struct.pack(">Q", seconds) + iv + blocks)


def decrypt(key, sealed):
    body = verify(key[:16], sealed)
    head, blocks = body[:25], body[25:]
    if len(head) < 25 or head[0] != 0x80 or not blocks or len(blocks) % 16:
        raise Forged
    aes = Cipher(algorithms.AES(key[16:]), modes.CBC(head[9:])).decryptor()
    padded = aes.update(blocks) + aes.finalize()
    padding = padded[-1]
    if not 1 <= padding <= 16 or padded[-padding:] != bytes([padding]) * padding:
        raise Forged
    return padded[:-padding]
