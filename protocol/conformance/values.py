"""Values of cookies (SPEC §12), and the `Cookie` field (§13)."""

import json
import math
import re
import struct
from dataclasses import dataclass

from keys import LATEST_TIME, Forged, decrypt, encrypt, from_base64url, sign, to_base64url, verify
from operations import MAX_NAME_VALUE

NO_END = 0xFFFFFFFFFFFFFFFF
DEEPEST = 8
NOT_AS_IT_IS = re.compile(rb"[^\x21\x23\x24\x26-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]")
PREFIX = {"signed": "cs1.", "encrypted": "ce1."}
PURPOSE = {"signed": "cookie/hmac-sha256/", "encrypted": "cookie/fernet/"}


class Unreadable(Exception):
    """Says why a cookie counts as absent, in the words of §12.4."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Read:
    value: bytes
    expires_at: int | None = None
    under_previous_key: bool = False


def find_cookie(fields, name):
    """The cookie's value in all `Cookie` fields of a request; everything is bytes."""
    start = name + b"="
    pairs = (pair.lstrip(b" \t") for field in fields for pair in field.split(b";"))
    found = [pair[len(start) :].strip(b" \t") for pair in pairs if pair.startswith(start)]
    if not found:
        raise Unreadable("absent")
    if len(found) > 1:
        raise Unreadable("duplicate")
    return found[0]


def long_name(name):
    return struct.pack(">H", len(name)) + name.encode()


def write_value(key, name, protection, value, expires_at=None, is_json=False, now=0, iv=None):
    """The text of a value. `Unreadable` if it could not be read back."""
    if is_json:
        check_json(value)
    end = struct.pack(">Q", NO_END if expires_at is None else expires_at)
    if protection == "plain":
        text = NOT_AS_IT_IS.sub(lambda hit: b"%%%02X" % ord(hit[0]), value).decode()
    else:
        derived = key.derive(PURPOSE[protection] + name)
        if protection == "signed":
            sealed = sign(derived, end + value, context=long_name(name))
        else:
            sealed = encrypt(derived, end + long_name(name) + value, now // 1000, iv)
        text = PREFIX[protection] + to_base64url(key.id + sealed)
        check_end(expires_at, now)
    if len(name) + len(text) > MAX_NAME_VALUE:
        raise Unreadable("too-long")
    return text


def read_value(ring, name, protection, text, now, is_json=False):
    """Steps 2 to 8 of §12.4; `text` is bytes. (What a class can hold, step 9, is not known here.)"""
    if len(name) + len(text) > MAX_NAME_VALUE:
        raise Unreadable("too-long")
    read = read_plain(text) if protection == "plain" else read_protected(ring, name, protection, text, now)
    if is_json:
        check_json(read.value)
    return read


def read_plain(text):
    if re.search(rb"%(?![0-9A-Fa-f]{2})", text):
        raise Unreadable("malformed")
    return Read(re.sub(rb"%(..)", lambda hit: bytes([int(hit[1], 16)]), text))


def read_protected(ring, name, protection, text, now):
    prefix = PREFIX[protection].encode()
    data = from_base64url(text[len(prefix) :].decode("latin-1")) if text.startswith(prefix) else None
    if data is None or len(data) < 4 + 32:
        raise Unreadable("malformed")
    key = ring.get(data[:4])
    if key is None:
        raise Unreadable("unknown-key")
    derived = key.derive(PURPOSE[protection] + name)
    try:
        if protection == "signed":
            body = verify(derived, data[4:], context=long_name(name))
        else:
            body = decrypt(derived, data[4:])
    except Forged:
        raise Unreadable("forged") from None
    end, value = body[:8], body[8:]
    if len(end) < 8:
        raise Unreadable("malformed")
    end = int.from_bytes(end, "big")
    expires_at = None if end == NO_END else end
    if expires_at is not None and expires_at > LATEST_TIME:
        raise Unreadable("malformed")
    if protection == "encrypted":
        if not value.startswith(long_name(name)):
            raise Unreadable("malformed")
        value = value[len(long_name(name)) :]
    check_end(expires_at, now)
    return Read(value, expires_at, key is not ring.current)


def check_end(expires_at, now):
    if expires_at is not None and now >= expires_at:
        raise Unreadable("expired")


def check_json(value):
    """Step 8. Structure first: Python's reader recurses, and does not say which comes first."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("not-json") from None
    check_structure(text)
    try:
        json.loads(text, parse_float=finite, parse_int=finite, parse_constant=no_number)
        # A pair of surrogates has become one character: any that is left is alone.
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except ValueError:
        raise Unreadable("not-json") from None


def check_structure(text):
    """Depth and keys, in the order of the text."""
    open_keys = []
    for mark in re.finditer(r'("(?:[^"\\]|\\.)*")(\s*:)?|[\[\]{}]', text, re.DOTALL):
        if mark[0] in "[{":
            open_keys.append(set())
            if len(open_keys) > DEEPEST:
                raise Unreadable("too-deep")
        elif mark[0] in "]}":
            del open_keys[-1:]
        elif mark[2] and open_keys:
            try:
                key = json.loads(mark[1])
            except ValueError:
                raise Unreadable("not-json") from None
            if key in open_keys[-1]:
                raise Unreadable("duplicate-key")
            open_keys[-1].add(key)


def finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("out of the range of a double")
    return number


def no_number(text):
    raise ValueError(text)
