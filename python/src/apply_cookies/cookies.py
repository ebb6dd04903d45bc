"""The handle: sets cookies before a response's head has left, and afterwards."""

from __future__ import annotations

import logging
import secrets as random
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar, overload

from .classes import Definition, definition_of, encode, read_class
from .codec import base64url, frames
from .codec.operations import DeleteCookie, Operation, SameSite, SetCookie, identity, name_on_http, settle
from .codec.payload import check_then
from .codec.requests import Fields, read_cookie
from .errors import LostCookie, NoBinding
from .receipts import Outcome, Receipt

if TYPE_CHECKING:
    from .app import ApplyCookies

log = logging.getLogger("apply_cookies")

Carrier: TypeAlias = Literal["sse", "websocket", "element"]
T = TypeVar("T")

_COMPRESSED = (
    "this response is compressed inside of apply-cookies, and nothing can be written into it. "
    "Add the compressing middleware outside of it, or leave event streams uncompressed"
)
# A token is for one browser, and must not wait in a proxy's buffer.
_OF_STREAMS = (("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"))
_LATE = "the head of this response has left, and its body is not a stream of server-sent events"


class Cookies:
    """The cookies of one request.

    Until the response's head leaves, `set` and `delete` become `Set-Cookie` fields. Afterwards they
    travel inside the stream, in a token that the page posts back. Where neither is possible, they
    raise `LostCookie`. Any thread may call them.
    """

    def __init__(self, app: ApplyCookies, request: Fields) -> None:
        self.app = app
        self.request = request
        self._lock = threading.RLock()
        self._queue: list[Operation] = []
        self._barrier = False
        self._then: str | None = None
        self._receipt = self._new_receipt()
        self._sent = self._new_receipt()
        self._sent.settle(Outcome.RELEASED)
        self._not_before = 0
        self._carrier: Carrier | None = None
        self._binding: str | None = None
        self._closed: tuple[type[LostCookie], str] | None = None
        self._flush: Callable[[], Awaitable[None]] | None = None

    # What handlers call.

    @overload
    def set(
        self,
        cookie: str,
        value: str,
        *,
        max_age: int | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool | None = None,
        http_only: bool = True,
        same_site: SameSite | None = "Lax",
        partitioned: bool = False,
    ) -> Receipt: ...

    @overload
    def set(self, cookie: object) -> Receipt: ...

    def set(self, cookie: object, value: str | None = None, **attributes: object) -> Receipt:
        """Sets a cookie: by name, value and the attributes of `SetCookie`; or a `SetCookie`; or an
        instance of a cookie class.

        Gives the receipt of all that travels with it. Raises `InvalidOperation`, and `LostCookie`
        where nothing can bring it any more.
        """
        if isinstance(cookie, str):
            operation = SetCookie(cookie, value, **attributes)  # type: ignore[arg-type]
        elif isinstance(cookie, SetCookie):
            operation = cookie
        else:
            operation = encode(self.app, cookie)
        return self._push(operation)

    def delete(
        self,
        cookie: str | DeleteCookie | type,
        *,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool | None = None,
        partitioned: bool = False,
    ) -> Receipt:
        """Deletes a cookie: by name, by a `DeleteCookie`, or by its class. Raises as `set` does."""
        if isinstance(cookie, str):
            return self._push(DeleteCookie(cookie, path, domain, secure, partitioned))
        return self._push(cookie if isinstance(cookie, DeleteCookie) else definition_of(cookie).delete())

    def barrier(self) -> None:
        """Makes what is queued a sign-out: no older token of this browser is redeemed after it.

        Call it inside a stream, after `set` or `delete`. Before the head has left, it raises
        `LostCookie`, because only a token can bring it.
        """
        with self._lock:
            self._need_carrier()
            self._barrier = True

    def then(self, action: str) -> None:
        """What the page does once it has what is queued: `"reload"`, `"reconnect"`, or a path to go to.

        Call it inside a stream, after `set` or `delete`. Raises `InvalidOperation`, `LostCookie`.
        """
        check_then(action)
        with self._lock:
            self._need_carrier()
            self._then = action

    def get(self, name: str) -> str | None:
        """The browser's cookie of this name; `None` where it sent none, or more than one."""
        found = read_cookie(self.request.all(b"cookie"), self._name(name).encode("latin-1", "replace"))
        return found[0].decode("latin-1") if len(found) == 1 else None

    def read(self, cls: type[T]) -> T | None:
        """The browser's cookie as an instance of this cookie class; `None` where there is none to trust."""
        definition: Definition = definition_of(cls)
        found = read_cookie(self.request.all(b"cookie"), self._name(definition.name).encode("ascii"))
        return read_class(self.app, cls, self._name(definition.name), found)

    def element(self) -> str:
        """What is queued, as the HTML element, for frameworks that own the socket. Send it at once."""
        with self._lock:
            return "".join(map(frames.html, self.take()))

    async def flush(self) -> Receipt:
        """Sends what is queued at once, in front of whatever comes next. Gives its receipt: where
        nothing is queued, that of what was sent last.

        Inside an event that is written in parts it leaves behind the chunk that ends it.
        """
        with self._lock:
            receipt = self._receipt if self._queue else self._sent
        if self._flush:
            await self._flush()
        return receipt

    async def delivered(self) -> bool:
        """Sends what is queued, and waits until the browser has been given it: true where it was.

        Needs `service=`, and raises `ServiceError` without it.
        """
        with self._lock:
            if self._carrier is None and self._closed is None:
                raise LostCookie("delivered() waits for what a stream brings, and this response has not begun")
        receipt = await self.flush()
        return await receipt in (Outcome.RELEASED, Outcome.RELEASED_WITHOUT_BARRIER)

    # What the middlewares call.

    def head(self, status: int, fields: Sequence[tuple[bytes, bytes]]) -> list[str]:
        """The response's head leaves: the `Set-Cookie` lines to add to it. Names are in small letters."""
        response = Fields("", fields)
        with self._lock:
            if status >= 500:
                self._abandon(f"the response failed with {status}")
                self._closed = LostCookie, f"the response failed with {status}"
                return []
            lines = self._leave_with_head()
            media = (response.one(b"content-type") or b"").split(b";")[0].strip().lower()
            if media != b"text/event-stream" or self.request.method == "HEAD":
                self._closed = LostCookie, _LATE
            elif (response.one(b"content-encoding") or b"identity").strip().lower() != b"identity":
                self._closed = LostCookie, _COMPRESSED
            elif response.one(b"content-length") is not None:
                self._closed = LostCookie, "this response has a Content-Length, so nothing can be added to its body"
            else:
                lines += self.carry("sse", may_bind=True)
            return lines

    def of_stream(self, fields: Sequence[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
        """What else the head needs that has left, if tokens follow. Names are in small letters."""
        if self.is_carried_by != "sse":
            return []
        given = {name for name, _ in fields}
        return [(name, value) for name, value in _OF_STREAMS if name.lower().encode() not in given]

    def handshake(self) -> list[str]:
        """A WebSocket's handshake is answered: the `Set-Cookie` lines to add to it."""
        with self._lock:
            return [*self._leave_with_head(), *self.carry("websocket", may_bind=True)]

    def carry(self, carrier: Carrier, may_bind: bool = False) -> list[str]:
        """From now on `carrier` brings tokens; where none may travel, `set` will say why."""
        site = self.app.site
        binding, why = site.read_binding(self.request)
        lines: list[str] = []
        refused = site.why_no_token(self.request)
        if binding is None and why is None and may_bind and not refused:
            binding = base64url.encode(random.token_bytes(32))
            lines = [site.binding_line(binding)]
        if refused:
            self._closed = LostCookie, f"this response may carry no token: {refused}"
        elif binding is None:
            because = why or "it has no binding cookie"
            self._closed = NoBinding, f"this request shows no browser to bind a token to: {because}"
        else:
            self._carrier, self._binding = carrier, binding
        return lines

    def on_flush(self, flush: Callable[[], Awaitable[None]]) -> None:
        """How `flush` sends."""
        self._flush = flush

    def take(self) -> list[str]:
        """The tokens of what is queued, to be sent now."""
        with self._lock:
            if not self._queue or self._carrier is None:
                return []
            minted = self.app.mint(
                self._queue, self._binding, barrier=self._barrier, then=self._then, not_before=self._not_before
            )
            if self._barrier:
                self._not_before = max(token.expires_at for token in minted) - self.app.ttl_ms + 1
            receipt = self._receipt
            self._reset()
        receipt.expect(len(minted))
        if self.app.service:
            for token in minted:
                self.app.service.watch(token.receipt, token.expires_at, _logged(receipt))
        return [token.token for token in minted]

    @property
    def is_carried_by(self) -> Carrier | None:
        """What brings tokens now; `None` before the head has left, and where nothing can."""
        return None if self._closed else self._carrier

    def close(self, why: str) -> None:
        """Nothing can be sent any more. What is still queued is lost, and said."""
        with self._lock:
            self._abandon(why)
            if self._closed is None:
                self._closed = LostCookie, why

    def _push(self, operation: Operation) -> Receipt:
        operation = settle(operation, self.app.site.https)
        with self._lock:
            self._need_open()
            self._queue = [queued for queued in self._queue if identity(queued) != identity(operation)]
            self._queue.append(operation)
            return self._receipt

    def _need_open(self) -> None:
        if self._closed:
            error, why = self._closed
            raise error(why)

    def _need_carrier(self) -> None:
        self._need_open()
        if self._carrier is None:
            raise LostCookie("only a token can bring this, and the response's head has not left yet")

    def _leave_with_head(self) -> list[str]:
        lines = [operation.line() for operation in self._queue]
        self._receipt.settle(Outcome.RELEASED)
        self._reset()
        return lines

    def _abandon(self, why: str) -> None:
        if self._queue:
            names = ", ".join(operation.name for operation in self._queue)
            log.warning("cookies are lost, because %s: %s", why, names)
        self._receipt.settle(Outcome.UNDELIVERABLE)
        self._reset()

    def _reset(self) -> None:
        if self._queue:
            self._sent = self._receipt
        self._queue, self._barrier, self._then = [], False, None
        self._receipt = self._new_receipt()

    def _new_receipt(self) -> Receipt:
        return Receipt(can_wait=self.app.service is not None)

    def _name(self, name: str) -> str:
        return name if self.app.site.https else name_on_http(name)


def _logged(receipt: Receipt) -> Callable[[Outcome], None]:
    def settle_part(outcome: Outcome) -> None:
        if outcome is Outcome.EXPIRED:
            log.warning("a token has expired, because no page posted it in time")
        receipt.part(outcome)

    return settle_part
