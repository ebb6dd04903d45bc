"""Opens and seals tokens: SPEC §6. Written from the specification alone, to compare with."""

import hmac
from dataclasses import dataclass

import payload as payloads
from keys import Forged, decrypt, encrypt, from_base64url, sign, to_base64url, verify
from operations import Refused, check_batch

MAX_TOKEN, MAX_LIFETIME, SKEW = 12288, 86400000, 5000
# The info of a seal's key (§2), by the prefix of its tokens.
PURPOSE = {"e1.": "token/fernet/", "s1.": "token/hmac-sha256/"}
SEAL = {"e1.": "encrypted", "s1.": "signed"}


class Rejected(Exception):
    """Says at which step of §6.5 a token failed: the name of its folder of vectors."""

    def __init__(self, step):
        super().__init__(step)
        self.step = step


@dataclass(frozen=True)
class Opened:
    seal: str
    payload: payloads.Payload
    lines: list


def open_token(ring, text, now, binding_cookie=None, binding_required=False, longest_lifetime=MAX_LIFETIME):
    """Steps 1 to 9 of §6.5, in their order. The claim (§10) is the caller's."""
    if len(text.encode(errors="surrogatepass")) > MAX_TOKEN:
        raise Rejected("too-long")
    prefix = text[:3]
    if prefix not in PURPOSE:
        raise Rejected("version")
    data = from_base64url(text[3:])
    if data is None or len(data) < 4 + 32:
        raise Rejected("form")
    key = ring.get(data[:4])
    if key is None:
        raise Rejected("key")
    try:
        plain = (decrypt if prefix == "e1." else verify)(key.derive(PURPOSE[prefix]), data[4:])
    except Forged:
        raise Rejected("forged") from None
    try:
        payload = payloads.decode(plain)
    except payloads.Malformed:
        raise Rejected("payload") from None
    if payload.lifetime > longest_lifetime:
        raise Rejected("lifetime")
    if now >= payload.expires_at:
        raise Rejected("expired")
    if payload.issued_at > now + SKEW:
        raise Rejected("not-yet-valid")
    if not is_of_browser(payload, key, binding_cookie, binding_required):
        raise Rejected("wrong-browser")
    try:
        lines = check_batch(payload.operations)
    except Refused:
        raise Rejected("cannot-emit") from None
    return Opened(SEAL[prefix], payload, lines)


def is_of_browser(payload, key, cookie, required):
    if payload.binding is None:
        return not required
    binding = key.binding_of(cookie)
    return binding is not None and hmac.compare_digest(binding, payload.binding)


def seal_token(key, seal, payload, iv=None):
    """The text of a token; `iv` is of an encrypted one."""
    return seal_bytes(key, seal, payloads.encode(payload), payload.issued_at, iv)


def seal_bytes(key, seal, plain, issued_at, iv=None):
    """Seals any bytes as a payload: tests need malformed ones too."""
    prefix = next(prefix for prefix, name in SEAL.items() if name == seal)
    derived = key.derive(PURPOSE[prefix])
    sealed = sign(derived, plain) if seal == "signed" else encrypt(derived, plain, issued_at // 1000, iv)
    return prefix + to_base64url(key.id + sealed)
