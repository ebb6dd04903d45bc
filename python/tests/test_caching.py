"""A stream that brings tokens is kept by no cache, and held back by no proxy."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest

from apply_cookies import ApplyCookies, asgi, wsgi

ORIGIN = "https://app.example"
Fields = list[tuple[str, str]]


def through_asgi(core: ApplyCookies, fields: Fields, origin: str) -> Fields:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(name.encode(), value.encode()) for name, value in fields]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: a\n\n"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"origin", origin.encode())]}
    asyncio.run(asgi.ApplyCookiesMiddleware(app, core)(scope, receive, send))
    return [(name.decode().lower(), value.decode()) for name, value in sent[0]["headers"]]


def through_wsgi(core: ApplyCookies, fields: Fields, origin: str) -> Fields:
    sent: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", fields)
        return [b"data: a\n\n"]

    environ: Any = {"REQUEST_METHOD": "GET", "SERVER_PORT": "80", "PATH_INFO": "/", "HTTP_ORIGIN": origin}
    list(wsgi.ApplyCookiesMiddleware(app, core)(environ, lambda status, headers, *_: sent.extend(headers)))  # type: ignore[arg-type]
    return [(name.lower(), value) for name, value in sent]


@pytest.mark.parametrize("through", [through_asgi, through_wsgi])
def test_only_streams_with_tokens_say_so_and_what_the_app_says_stays(through: Any) -> None:
    core = ApplyCookies(secrets.token_urlsafe(32), origins=[ORIGIN])
    stream = ("Content-Type", "text/event-stream")

    def said(fields: Fields, origin: str = ORIGIN) -> Fields:
        given = through(core, fields, origin)
        return [one for one in given if one[0] in ("cache-control", "x-accel-buffering")]

    assert said([stream]) == [("cache-control", "no-store"), ("x-accel-buffering", "no")]
    assert said([stream, ("Cache-Control", "no-cache")]) == [("cache-control", "no-cache"), ("x-accel-buffering", "no")]
    assert said([stream], "https://other.example") == []
    assert said([("Content-Type", "text/html")]) == []
