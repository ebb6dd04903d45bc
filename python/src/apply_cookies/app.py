"""What the parts of one app share: keys, origins, the service; and minting."""

from __future__ import annotations

import logging
import os
import re
import secrets as random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import secrets
from .codec import base64url
from .codec import token as tokens
from .codec.keys import KeyRing, receipt_id
from .codec.operations import MAX_LINES, MAX_OPERATIONS, Operation, line_size
from .codec.payload import Payload, check_times
from .codec.requests import Fields, Site
from .codec.token import Seal, binding_bytes
from .cookies import Cookies
from .dev import DevService
from .errors import ServiceError
from .http_client import Address
from .service import Service

log = logging.getLogger("apply_cookies")

_CLOCK_MS = 2_000
_ORIGIN = re.compile(r"https?://[^/?#@\s]+")


def now_ms() -> int:
    """The time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Minted:
    """A token, until when it can be redeemed (milliseconds), and the id of its receipt."""

    token: str = field(repr=False)
    expires_at: int
    receipt: str


class ApplyCookies:
    """Everything that one app needs. Make one, and give it to the middleware.

    - `secret`, `previous`: the current secret and older ones. Without them they come from
      `APPLY_COOKIES_SECRET_KEY` and `APPLY_COOKIES_PREVIOUS_KEYS`, or the files that
      `…_FILE` names. Raises `BadSecret`.
    - `service`: where the service's internal API listens, as in `unix:/run/apply-cookies/api.sock`.
      Receipts need it. By default `APPLY_COOKIES_API_LISTEN`. `service_key` is for TCP.
    - `origins`: those of the pages, as in `https://app.example`. By default
      `APPLY_COOKIES_ORIGIN` (with commas), else what the service has.
    - `forward`: where the service's public listener is, or `True` for `APPLY_COOKIES_LISTEN`. The
      middleware then passes the endpoint on to it, and no proxy is needed.
    - `dev`: starts the service, forwards to it, and ends it with the app. One process only.
    - `ttl_ms`: how long a token lives, in milliseconds. `seal`: `"encrypted"` or `"signed"`.
    """

    def __init__(
        self,
        secret: str | None = None,
        *,
        previous: Sequence[str] = (),
        service: str | None = None,
        service_key: str | None = None,
        origins: Sequence[str] = (),
        forward: bool | str = False,
        dev: bool = False,
        prefix: str = "/__apply-cookies",
        ttl_ms: int = 60_000,
        seal: Seal = "encrypted",
    ) -> None:
        check_times(0, ttl_ms)
        self.prefix = prefix
        self.ttl_ms = ttl_ms
        self.seal: Seal = seal
        self.scope: bytes | None = None
        self.forward: Address | None = None
        self._dev = DevService() if dev else None
        self._lock = threading.Lock()
        self._started = False
        listed = [origin for origin in os.environ.get("APPLY_COOKIES_ORIGIN", "").split(",") if origin]
        self._origins: Sequence[str] = _checked(origins or ([] if dev else listed))
        address = service or (None if dev else os.environ.get("APPLY_COOKIES_API_LISTEN"))
        if self._dev:
            if secret or service or forward:
                raise ServiceError("dev=True brings its own secret and service")
            self.ring = KeyRing(self._dev.secret)
            self.service: Service | None = Service(self._dev.internal)
            self.forward = self._dev.public
        else:
            if secret is None:
                secret, previous = secrets.from_environment()
            self.ring = KeyRing(secret, previous)
            self.service = Service(Address(address), service_key) if address else None
            if forward:
                self.forward = Address(_public_address(forward))
        if self.forward and not self.forward.is_local:
            raise ServiceError("forward= passes cookies on without TLS: only to loopback or a socket")
        self.site = Site(tuple(self._origins))

    def start(self, port: int | None = None) -> None:
        """Starts or asks the service, once. `port` is the one that the app itself listens on, for `dev`.

        Blocks. Raises `ServiceError`, which says in words what is wrong with it.
        """
        if self._started:
            return
        with self._lock:
            if self._started:
                return
            if self._dev:
                self._start_dev(self._dev, port)
            elif self.service:
                self._ask_service(self.service)
            if not self.site.origins:
                raise ServiceError("nobody says which pages are the app's: pass origins=, or set APPLY_COOKIES_ORIGIN")
            self._started = True

    @property
    def is_started(self) -> bool:
        """Whether `start` has nothing left to do."""
        return self._started

    @property
    def is_dev(self) -> bool:
        """Whether it starts the service by itself."""
        return self._dev is not None

    def _start_dev(self, dev: DevService, port: int | None) -> None:
        # From the app's own listener, never from `Host`.
        if not (port or self._origins):
            raise ServiceError("dev=True does not see the port of this app: pass origins=")
        own = [f"http://{host}:{port}" for host in ("localhost", "127.0.0.1")]
        dev.start(self._origins or own)
        assert self.service
        info = self.service.info()
        self.scope = base64url.decode(info.scope) if info.scope else None
        self.site = Site(tuple(info.origins))

    def _ask_service(self, service: Service) -> None:
        try:
            info = service.info()
        except ServiceError:
            if not self._origins:
                raise
            # A sign-in must not fail because another process is being restarted.
            log.warning("the service does not answer, so nobody has looked whether its settings fit", exc_info=True)
            return
        if self.ring.current.id.hex() not in info.key_ids:
            raise ServiceError("the service has another secret: it would refuse every token")
        if missing := set(self._origins) - set(info.origins):
            raise ServiceError(f"the service refuses pages of {', '.join(sorted(missing))}: give it this --origin")
        if info.prefix != self.prefix:
            raise ServiceError(f"the service has the prefix {info.prefix}, and this app {self.prefix}")
        if abs(info.now - now_ms()) > _CLOCK_MS:
            log.warning("the clock of the service is %d ms ahead of this one", info.now - now_ms())
        self.site = Site(tuple(self._origins or info.origins))

    def close(self) -> None:
        """Ends what `dev` started."""
        if self._dev:
            self._dev.stop()

    def mint(
        self,
        operations: Sequence[Operation],
        binding_cookie: str | None,
        *,
        barrier: bool = False,
        then: str | None = None,
        not_before: int = 0,
    ) -> list[Minted]:
        """Makes tokens of settled operations: several where they do not fit into one (SPEC §9.6).

        The first is the barrier; `then` is the last one's. `not_before` is the earliest time that
        they say they were issued at, in milliseconds. Raises `InvalidOperation`.
        """
        key = self.ring.current
        cookie = binding_bytes(binding_cookie)
        binding = None if cookie is None else key.binding_of(cookie)
        issued_at = max(now_ms(), not_before)
        parts = _split(operations)
        minted: list[Minted] = []
        for number, part in enumerate(parts):
            nonce, iv = random.token_bytes(16), random.token_bytes(16)
            at = issued_at + 1 if barrier and number else issued_at
            last = then if number == len(parts) - 1 else None
            payload = Payload(nonce, at, self.ttl_ms, part, barrier and not number, self.scope, binding, last)
            token = tokens.seal(key, payload, self.seal, iv)
            minted.append(Minted(token, payload.expires_at, base64url.encode(receipt_id(nonce))))
        return minted

    def handle(self, method: str, fields: Sequence[tuple[bytes, bytes]]) -> Cookies:
        """The handle of one request. Names of fields are in small letters."""
        return Cookies(self, Fields(method, fields))

    def for_handshake(self, handshake: Mapping[str, object] | Sequence[tuple[bytes, bytes]]) -> Cookies:
        """The handle of a socket that a framework owns: `cookies.element()` is what it can send.

        `handshake` is a WSGI environ, a mapping of header names, or ASGI's list of headers.
        """
        self.start()
        cookies = self.handle("GET", fields_of(handshake))
        cookies.carry("element")
        return cookies


def _checked(origins: Sequence[str]) -> Sequence[str]:
    # A lone string would be read as origins of one letter each.
    if isinstance(origins, str):
        raise ServiceError(f"origins= is a list: [{origins!r}]")
    for origin in origins:
        # As browsers write them: anything else is the origin of no page.
        if not _ORIGIN.fullmatch(origin):
            raise ServiceError(f"{origin!r} is not an origin: scheme, host and port alone, as in https://app.example")
    return origins


def _public_address(forward: bool | str) -> str:
    address = os.environ.get("APPLY_COOKIES_LISTEN", "").split(",")[0] if forward is True else str(forward)
    if not address:
        raise ServiceError("forward=True needs APPLY_COOKIES_LISTEN; or pass its address: forward='127.0.0.1:8788'")
    return address


def _split(operations: Sequence[Operation]) -> list[list[Operation]]:
    parts: list[list[Operation]] = []
    room = 0
    for operation in operations:
        size = line_size(operation)
        if not parts or size > room or len(parts[-1]) == MAX_OPERATIONS:
            parts.append([])
            room = MAX_LINES
        parts[-1].append(operation)
        room -= size
    return parts


def fields_of(handshake: Mapping[str, object] | Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Header fields as bytes, from a WSGI environ, a mapping of names, or ASGI's list."""
    if not isinstance(handshake, Mapping):
        return [(name.lower(), value) for name, value in handshake]
    fields: list[tuple[bytes, bytes]] = []
    is_environ = any(name.startswith(("HTTP_", "wsgi.", "asgi.")) for name in handshake)
    for name, value in handshake.items():
        if is_environ:
            if not name.startswith("HTTP_"):
                continue
            name = name[5:].replace("_", "-")
        if isinstance(value, (str, bytes)):
            data = value if isinstance(value, bytes) else value.encode("latin-1", "replace")
            fields.append((name.lower().encode("latin-1", "replace"), data))
    return fields
