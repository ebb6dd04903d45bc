"""What a request's fields say: cookies (SPEC.md §13), the binding (§9.1), who may read (§9.7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .token import binding_bytes

Why: TypeAlias = Literal["present", "made", "duplicate", "cross-site", "origin"]

_PURPOSES = (
    b"sec-purpose", b"purpose", b"x-moz", b"x-purpose", b"x-sec-purpose", b"sec-fetch-purpose", b"moz-purpose",
)  # fmt: skip
_PREFETCHES = (b"next-router-prefetch", b"next-router-segment-prefetch", b"x-middleware-prefetch", b"hx-preloaded")


def read_cookie(fields: Sequence[bytes], name: bytes) -> list[bytes]:
    """Every value of this cookie in the `Cookie` fields, strictly. Only one alone counts."""
    start = name + b"="
    pairs = (pair.lstrip(b" \t") for field in fields for pair in field.split(b";"))
    return [pair[len(start) :].strip(b" \t") for pair in pairs if pair.startswith(start)]


@dataclass(frozen=True)
class Fields:
    """A request's fields: names in small letters, values as bytes, in order."""

    method: str
    fields: Sequence[tuple[bytes, bytes]]

    def all(self, name: bytes) -> list[bytes]:
        """Every value of this field."""
        return [value for field, value in self.fields if field == name]

    def one(self, name: bytes) -> bytes | None:
        """The field's value; several are one that no rule accepts."""
        values = self.all(name)
        return b", ".join(values) if values else None


@dataclass(frozen=True)
class Site:
    """The app's origins, and what follows from them."""

    origins: Collection[str]

    @property
    def https(self) -> bool:
        """Whether cookies are Secure unless they say otherwise (§4.1)."""
        return not self.origins or any(origin.startswith("https:") for origin in self.origins)

    @property
    def binding_cookie(self) -> str:
        """The name of the binding cookie (§9.1)."""
        return "__Host-apply-cookies" if self.https else "apply-cookies"

    def binding_line(self, value: str) -> str:
        """The `Set-Cookie` line of a new binding."""
        secure = " Secure;" if self.https else ""
        return f"{self.binding_cookie}={value}; Path=/;{secure} HttpOnly; SameSite=Lax"

    def is_foreign(self, request: Fields) -> bool:
        """Whether `Origin` is one that is not the app's (§9.7)."""
        origin = request.one(b"origin")
        if origin is None or origin == b"null" and request.one(b"sec-fetch-site") == b"same-origin":
            return False
        return origin.decode("latin-1") not in self.origins

    def read_binding(self, request: Fields) -> tuple[str | None, Why | None]:
        """The browser's binding cookie, or why there is none; `(None, None)` where one may be made."""
        found = read_cookie(request.all(b"cookie"), self.binding_cookie.encode())
        if len(found) > 1:
            return None, "duplicate"
        value = found[0].decode("latin-1") if found else None
        if value is not None and binding_bytes(value) is not None:
            return value, "present"
        if self.is_foreign(request):
            return None, "origin"
        site = request.one(b"sec-fetch-site")
        document = request.one(b"sec-fetch-mode") == b"navigate" and request.one(b"sec-fetch-dest") == b"document"
        if request.method == "GET" and document:
            return None, None
        if site not in (None, b"same-origin", b"none") or not _same_site(request):
            return None, "cross-site"
        return None, None

    def why_no_token(self, request: Fields) -> str | None:
        """Why the response may carry no token (§9.7); `None` where it may."""
        if self.is_foreign(request):
            return "its Origin is not one of the app's origins"
        if not _same_site(request):
            return "Sec-Fetch-Site says that another site's page asks"
        for name, value in request.fields:
            said = value.lower()
            if name in _PURPOSES and any(word in said for word in (b"prefetch", b"prerender", b"preview")):
                return "the page is only prefetched"
            if name in _PREFETCHES and said not in (b"", b"0", b"false"):
                return "the page is only prefetched"
        return None


def _same_site(request: Fields) -> bool:
    site = request.one(b"sec-fetch-site")
    if site in (None, b"same-origin"):
        return True
    if request.one(b"sec-fetch-mode") != b"navigate":
        return False
    dest = request.one(b"sec-fetch-dest")
    return dest == b"document" or dest in (b"iframe", b"frame") and site != b"cross-site"
