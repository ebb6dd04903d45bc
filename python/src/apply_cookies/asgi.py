"""Pure ASGI middleware, for FastAPI, Starlette, Litestar, Quart, Channels and whatever else is an ASGI app."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from .app import ApplyCookies
from .codec import frames
from .cookies import Cookies
from .errors import ApplyCookiesError, ServiceError
from .forward import MAX_BODY, forward, is_below
from .streams import EventStream

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]


class ApplyCookiesMiddleware:
    """Gives each request its handle, as `scope["apply_cookies"]`.

    Takes an `ApplyCookies`, or the arguments for one: `app.add_middleware(ApplyCookiesMiddleware, dev=True)`.
    """

    def __init__(self, app: App, /, cookies: ApplyCookies | None = None, **options: Any) -> None:
        self.app = app
        self._failed: ApplyCookiesError | None = None
        try:
            self.cookies = cookies or ApplyCookies(**options)
        except ApplyCookiesError as error:
            # Starlette makes its middlewares in the lifespan, where an exception would only say that
            # there is none: the app would start, and answer 500 to everybody.
            if not _is_in_loop():
                raise
            self._failed = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, socket or lifespan."""
        if self._failed:
            if scope["type"] != "lifespan":
                raise self._failed
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(self._failed)})
            return
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        if scope["type"] not in ("http", "websocket") or "apply_cookies" in scope:
            await self.app(scope, receive, send)
            return
        if not self.cookies.is_started:
            server = scope.get("server")
            await asyncio.to_thread(self.cookies.start, server[1] if server else None)
        if scope["type"] == "http" and self.cookies.forward and is_below(self.cookies.prefix, scope["path"]):
            await self._forward(scope, receive, send)
            return
        fields = [(name.lower(), value) for name, value in scope["headers"]]
        cookies = self.cookies.handle(scope.get("method", "GET"), fields)
        scope["apply_cookies"] = cookies
        wrap = _wrap_http if scope["type"] == "http" else _wrap_socket
        try:
            await self.app(scope, receive, wrap(cookies, send))
        finally:
            cookies.close("the response ended before they could be sent")

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        # With `dev`, the first request says which port the app listens on.
        try:
            if not self.cookies.is_dev:
                await asyncio.to_thread(self.cookies.start)
        except ServiceError as error:
            # An exception would only tell the server that there is no lifespan.
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        try:
            await self.app(scope, receive, send)
        finally:
            self.cookies.close()

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more and len(body) <= MAX_BODY:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        assert self.cookies.forward
        answer = await asyncio.to_thread(
            forward, self.cookies.forward, scope["method"], scope["path"], scope["headers"], body
        )
        fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.fields]
        await send({"type": "http.response.start", "status": answer.status, "headers": fields})
        await send({"type": "http.response.body", "body": answer.body})


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _with_lines(message: Message, lines: list[str]) -> Message:
    added = [(b"set-cookie", line.encode("ascii")) for line in lines]
    return {**message, "headers": [*message.get("headers", ()), *added]}


def _wrap_http(cookies: Cookies, send: Send) -> Send:
    stream = EventStream(cookies)
    # Held while something is sent, so that no other task writes in between.
    lock = asyncio.Lock()

    async def flush() -> None:
        async with lock:
            if waiting := stream.frames():
                await send({"type": "http.response.body", "body": waiting, "more_body": True})

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            fields = [(name.lower(), value) for name, value in message.get("headers", ())]
            message = _with_lines(message, cookies.head(message["status"], fields))
            more = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in cookies.of_stream(fields)]
            await send({**message, "headers": [*message["headers"], *more]})
        elif message["type"] == "http.response.body" and cookies.is_carried_by == "sse":
            async with lock:
                more = message.get("more_body", False)
                body = stream.chunk(message.get("body", b""))
                if not more:
                    cookies.close("the stream has ended")
                await send({**message, "body": body})
        else:
            await send(message)

    cookies.on_flush(flush)
    return wrapped


def _wrap_socket(cookies: Cookies, send: Send) -> Send:
    lock = asyncio.Lock()

    async def write() -> None:
        if cookies.is_carried_by == "websocket":
            for token in cookies.take():
                await send({"type": "websocket.send", "text": frames.websocket(token)})

    async def flush() -> None:
        async with lock:
            await write()

    async def wrapped(message: Message) -> None:
        async with lock:
            if message["type"] == "websocket.accept":
                message = _with_lines(message, cookies.handshake())
            elif message["type"] == "websocket.http.response.start":
                fields = [(name.lower(), value) for name, value in message.get("headers", ())]
                message = _with_lines(message, cookies.head(message["status"], fields))
            elif message["type"] in ("websocket.send", "websocket.close"):
                await write()
            if message["type"] == "websocket.close":
                cookies.close("the socket is closed")
            await send(message)

    cookies.on_flush(flush)
    return wrapped
