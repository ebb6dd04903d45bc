"""What can go wrong. No error holds a secret, a token or the value of a cookie."""

from __future__ import annotations


class ApplyCookiesError(Exception):
    """The base of all errors of this package."""


class InvalidOperation(ApplyCookiesError, ValueError):
    """A cookie that browsers, or the protocol, would refuse. `field` names what is wrong."""

    def __init__(self, field: str, detail: str = "") -> None:
        super().__init__(f"{field}: {detail}" if detail else field)
        self.field = field


class LostCookie(ApplyCookiesError, RuntimeError):
    """Nothing can bring the cookie to the browser any more. The message says why, and what to do."""


class NoBinding(LostCookie):
    """The request shows no browser to bind a token to."""


class BadSecret(ApplyCookiesError, ValueError):
    """A secret that is not what was meant. `rule` names the rule of SPEC.md §2.1, or `same-key-id`."""

    def __init__(self, rule: str, where: str = "the secret", entry: int | None = None) -> None:
        place = where if entry is None else f"{where}, number {entry}"
        super().__init__(f"{place} is refused: {rule}. `openssl rand -base64 32` makes a good one")
        self.rule = rule
        self.entry = entry


class ServiceError(ApplyCookiesError, RuntimeError):
    """The service cannot be reached, or is not the one that this app needs."""
