"""The ASGI middleware over real sockets: streams, sockets, and what cannot be delivered."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import websockets.sync.client
from conftest import SECRET, Deployment, serving
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from apply_cookies import Cookies, InvalidOperation, LostCookie, NoBinding, Outcome, testing
from apply_cookies.asgi import ApplyCookiesMiddleware
from apply_cookies.codec.token import open_token

SSE = "text/event-stream"


def handle(request: Any) -> Cookies:
    return request.scope["apply_cookies"]


def app_of(endpoint: Any, deployment: Deployment, **options: Any) -> Any:
    app = Starlette(routes=[Route("/events", endpoint), WebSocketRoute("/socket", endpoint)])
    return ApplyCookiesMiddleware(app, deployment.core(**options))


def streaming(*chunks: Any, deployment: Deployment, **options: Any) -> Any:
    """An app whose stream yields these chunks; a function among them is called with the handle."""

    async def endpoint(request: Request) -> Response:
        async def body() -> AsyncIterator[str]:
            for chunk in chunks:
                if callable(chunk):
                    result = chunk(handle(request))
                    chunk = await result if asyncio.iscoroutine(result) else None
                if isinstance(chunk, str):
                    yield chunk

        return StreamingResponse(body(), media_type=SSE)

    return app_of(endpoint, deployment, **options)


def sets(cookies: Cookies) -> None:
    cookies.set("app_session", "8f14e45f", max_age=3600)


def test_a_frame_goes_in_front_of_the_chunk_that_comes_next(deployment: Deployment) -> None:
    app = streaming("data: checking\n\n", sets, "data: done\n\n", deployment=deployment)
    with serving(app, deployment.port) as browser:
        heard = browser.events()
        assert [name for name, _ in heard] == ["message", "apply-cookies", "message"]
        assert browser.cookies() == {"app_session": "8f14e45f"}


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r", "\n\r\n"])
def test_a_frame_waits_for_the_end_of_an_event_that_comes_in_parts(deployment: Deployment, end: str) -> None:
    app = streaming("data: a", sets, f"b{end}", "data: c\n\n", deployment=deployment)
    with serving(app, deployment.port) as browser:
        heard = browser.events()
    assert [name for name, _ in heard] == ["message", "apply-cookies", "message"]
    assert heard[0] == ("message", "ab") and heard[2] == ("message", "c")


def test_a_frame_does_not_go_between_two_lines_of_an_event(deployment: Deployment) -> None:
    app = streaming("data: a\n", sets, "data: b\n\n", "data: c\n\n", deployment=deployment)
    with serving(app, deployment.port) as browser:
        heard = browser.events()
    assert [name for name, _ in heard] == ["message", "apply-cookies", "message"]


def test_a_frame_goes_with_the_chunk_that_ends_an_event_without_waiting_for_more(deployment: Deployment) -> None:
    receipts: list[Any] = []

    async def outcome(cookies: Cookies) -> str:
        return f"data: {(await receipts[0]).name}\n\n"

    def keeps(cookies: Cookies) -> None:
        receipts.append(cookies.set("app_session", "8f14e45f"))

    app = streaming("data: a", keeps, "b\n\n", outcome, deployment=deployment)
    with serving(app, deployment.port) as browser:
        browser.http.timeout = httpx.Timeout(10)
        assert browser.events()[2] == ("message", "RELEASED")


def test_what_is_set_last_goes_with_the_end_of_the_stream(deployment: Deployment) -> None:
    with serving(streaming("data: a\n\n", sets, deployment=deployment), deployment.port) as browser:
        assert [name for name, _ in browser.events()] == ["message", "apply-cookies"]
        assert browser.cookies() == {"app_session": "8f14e45f"}


def test_flush_sends_at_once_and_its_receipt_is_released(deployment: Deployment) -> None:
    async def flushes(cookies: Cookies) -> str:
        cookies.set("app_session", "8f14e45f")
        outcome = await (await cookies.flush())
        return f"data: {outcome.name}\n\n"

    with serving(streaming("data: a\n\n", flushes, deployment=deployment), deployment.port) as browser:
        assert browser.events()[2] == ("message", "RELEASED")
        assert browser.cookies() == {"app_session": "8f14e45f"}


def test_delivered_is_true_once_the_browser_has_been_given_the_cookies(deployment: Deployment) -> None:
    async def delivers(cookies: Cookies) -> str:
        cookies.set("app_session", "8f14e45f")
        return f"data: {await cookies.delivered()}\n\n"

    with serving(streaming(delivers, deployment=deployment), deployment.port) as browser:
        assert browser.events()[1] == ("message", "True")


def test_delivered_is_false_when_nobody_posts_the_token(deployment: Deployment) -> None:
    async def delivers(cookies: Cookies) -> str:
        cookies.set("app_session", "8f14e45f")
        return f"data: {await cookies.delivered()}\n\n"

    app = streaming(delivers, deployment=deployment, ttl_ms=300)
    with serving(app, deployment.port) as browser:
        assert browser.events(redeems=False)[1] == ("message", "False")


def test_delivered_says_that_it_needs_the_service(deployment: Deployment) -> None:
    async def delivers(cookies: Cookies) -> str:
        cookies.set("app_session", "8f14e45f")
        try:
            await cookies.delivered()
        except RuntimeError as error:
            return f"data: {error}\n\n"
        return "data: nothing\n\n"

    app = streaming(delivers, deployment=deployment, service=None, origins=[deployment.origin])
    with serving(app, deployment.port) as browser:
        assert "service=" in browser.events()[1][1]


def test_many_tasks_write_and_no_event_is_torn(deployment: Deployment) -> None:
    async def endpoint(request: Request) -> Response:
        cookies = handle(request)

        async def body() -> AsyncIterator[str]:
            async def flush(number: int) -> None:
                cookies.set(f"c{number}", "v")
                await cookies.flush()

            tasks = [asyncio.create_task(flush(number)) for number in range(20)]
            for number in range(200):
                yield f"data: {number}"
                await asyncio.sleep(0)
                yield "\n\n"
            await asyncio.gather(*tasks)

        return StreamingResponse(body(), media_type=SSE)

    with serving(app_of(endpoint, deployment), deployment.port) as browser:
        heard = browser.events()
        assert [data for name, data in heard if name == "message"] == [str(number) for number in range(200)]
        assert browser.cookies() == {f"c{number}": "v" for number in range(20)}


def test_twenty_five_cookies_travel_in_two_tokens_and_one_receipt(deployment: Deployment) -> None:
    async def many(cookies: Cookies) -> str:
        for number in range(25):
            cookies.set(f"c{number}", "v")
        return f"data: {await cookies.delivered()}\n\n"

    with serving(streaming(many, deployment=deployment), deployment.port) as browser:
        heard = browser.events()
        assert [name for name, _ in heard] == ["apply-cookies", "apply-cookies", "message"]
        assert heard[2][1] == "True" and len(browser.cookies()) == 25


def test_a_barrier_refuses_older_tokens_of_the_browser(deployment: Deployment) -> None:
    def signs_out(cookies: Cookies) -> None:
        cookies.delete("app_session")
        cookies.barrier()

    app = streaming(sets, "data: a\n\n", signs_out, "data: b\n\n", sets, "data: c\n\n", deployment=deployment)
    with serving(app, deployment.port) as browser:
        tokens = [data.split('"')[3] for name, data in browser.events(redeems=False) if name == "apply-cookies"]
        assert [browser.post(tokens[1]), browser.post(tokens[0]), browser.post(tokens[2])] == [204, 410, 204]


def test_what_follows_a_barrier_is_younger_even_within_a_millisecond(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = deployment.core(service=None, origins=[deployment.origin])
    binding = "A" * 43
    cookies = core.handle("GET", [(b"cookie", f"apply-cookies={binding}".encode())])
    cookies.carry("sse")
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now)
    issued = []
    for _ in range(2):
        cookies.set("app_session", "8f14e45f")
        if not issued:
            cookies.barrier()
        issued += [open_token(core.ring, token, now // 10**6, binding)[1].issued_at for token in cookies.take()]
    assert issued[1] == issued[0] + 1


def test_the_page_is_told_what_to_do_then(deployment: Deployment) -> None:
    def goes(cookies: Cookies) -> None:
        sets(cookies)
        cookies.then("/account")

    with serving(streaming(goes, "data: a\n\n", deployment=deployment), deployment.port) as browser:
        token = browser.events(redeems=False)[0][1].split('"')[3]
        answer = browser.http.post("/__apply-cookies", headers={"Origin": browser.origin}, data={"t": token, "r": "x"})
        assert answer.headers["apply-cookies-then"] == "go /account"


def test_what_is_set_before_the_head_leaves_is_an_ordinary_cookie(deployment: Deployment) -> None:
    async def endpoint(request: Request) -> Response:
        receipt = handle(request).set("theme", "dark")
        handle(request).delete("old")
        assert receipt.outcome is None
        return PlainTextResponse("page")

    with serving(app_of(endpoint, deployment), deployment.port) as browser:
        answer = browser.http.get("/events")
        assert answer.headers.get_list("set-cookie") == [
            "theme=dark; Path=/; HttpOnly; SameSite=Lax",
            "old=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly",
        ]


def test_what_is_set_after_a_page_has_left_is_an_error(deployment: Deployment) -> None:
    errors: list[Exception] = []

    async def endpoint(request: Request) -> Response:
        async def body() -> AsyncIterator[str]:
            yield "<p>"
            try:
                sets(handle(request))
            except LostCookie as error:
                errors.append(error)

        return StreamingResponse(body(), media_type="text/html")

    with serving(app_of(endpoint, deployment), deployment.port) as browser:
        browser.http.get("/events")
    assert "not a stream of server-sent events" in str(errors[0])


def test_what_is_set_after_the_stream_has_ended_is_an_error(deployment: Deployment) -> None:
    kept: list[Cookies] = []
    with serving(streaming(kept.append, "data: a\n\n", deployment=deployment), deployment.port) as browser:
        browser.events()
    with pytest.raises(LostCookie, match="has ended"):
        sets(kept[0])


def test_a_stream_that_ends_inside_an_event_loses_cookies_aloud(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    receipts: list[Any] = []

    def sets_and_keeps(cookies: Cookies) -> None:
        receipts.append(cookies.set("app_session", "8f14e45f"))

    app = streaming("data: never", sets_and_keeps, deployment=deployment)
    with serving(app, deployment.port) as browser, caplog.at_level(logging.WARNING, "apply_cookies"):
        assert browser.events() == []
    assert receipts[0].outcome is Outcome.UNDELIVERABLE
    assert "app_session" in caplog.text and "8f14e45f" not in caplog.text


def test_a_client_that_leaves_settles_the_receipt(deployment: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    receipts: list[Any] = []
    left = asyncio.Event()

    async def waits(cookies: Cookies) -> None:
        # In the middle of an event, so that it cannot be sent before the client is gone.
        receipts.append(cookies.set("app_session", "8f14e45f"))
        try:
            await asyncio.sleep(30)
        finally:
            left.set()

    app = streaming("data: a\n\ndata: half", waits, deployment=deployment)
    with serving(app, deployment.port) as browser, caplog.at_level(logging.WARNING, "apply_cookies"):
        with browser.http.stream("GET", "/events") as response:
            next(response.iter_lines())
        end = asyncio.run(_settled(receipts))
    assert end is Outcome.UNDELIVERABLE and "app_session" in caplog.text


async def _settled(receipts: list[Any]) -> Outcome | None:
    for _ in range(500):
        if receipts and receipts[0].outcome:
            break
        await asyncio.sleep(0.02)
    return receipts[0].outcome if receipts else None


def test_a_handler_that_raises_before_the_head_gives_no_cookie(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    receipts: list[Any] = []

    async def endpoint(request: Request) -> Response:
        receipts.append(handle(request).set("app_session", "8f14e45f"))
        raise ZeroDivisionError

    with serving(app_of(endpoint, deployment), deployment.port) as browser:
        answer = browser.http.get("/events")
    assert answer.status_code == 500 and "set-cookie" not in answer.headers
    assert receipts[0].outcome is Outcome.UNDELIVERABLE and "app_session" in caplog.text


def test_a_handler_that_raises_inside_the_stream_loses_only_what_is_queued(deployment: Deployment) -> None:
    receipts: list[Any] = []

    def raises(cookies: Cookies) -> None:
        receipts.append(cookies.set("second", "v"))
        raise ZeroDivisionError

    app = streaming(sets, "data: a\n\n", raises, deployment=deployment)
    with serving(app, deployment.port) as browser:
        with pytest.raises(httpx.RemoteProtocolError):
            browser.events()
        assert browser.cookies() == {"app_session": "8f14e45f"}
    assert receipts[0].outcome is Outcome.UNDELIVERABLE


def test_compression_outside_is_fine(deployment: Deployment) -> None:
    app = GZipMiddleware(streaming(sets, "data: a\n\n", deployment=deployment), minimum_size=1)
    with serving(app, deployment.port) as browser:
        assert [name for name, _ in browser.events()] == ["apply-cookies", "message"]


def test_compression_inside_is_an_error_that_names_the_order(deployment: Deployment) -> None:
    errors: list[str] = []

    async def endpoint(request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            try:
                sets(handle(request))
            except LostCookie as error:
                errors.append(str(error))
            yield b"\x1f\x8b"

        return StreamingResponse(body(), media_type=SSE, headers={"Content-Encoding": "gzip"})

    with serving(app_of(endpoint, deployment), deployment.port) as browser, browser.http.stream("GET", "/events"):
        pass
    assert "Add the compressing middleware outside of it" in errors[0]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"Origin": "https://evil.example"}, LostCookie),
        ({"Sec-Fetch-Site": "cross-site"}, LostCookie),
        ({"Sec-Purpose": "prefetch"}, LostCookie),
        ({"Cookie": "apply-cookies=" + "A" * 43 + "; apply-cookies=" + "B" * 42 + "A"}, NoBinding),
    ],
)
def test_no_token_goes_where_another_could_read_it(deployment: Deployment, fields: dict[str, str], error: type) -> None:
    errors: list[Exception] = []

    def tries(cookies: Cookies) -> None:
        try:
            sets(cookies)
        except LostCookie as raised:
            errors.append(raised)

    with serving(streaming(tries, "data: a\n\n", deployment=deployment), deployment.port) as browser:
        answer = browser.http.get("/events", headers=fields)
    assert type(errors[0]) is error
    assert "set-cookie" not in answer.headers and "apply-cookies" not in answer.text


def test_the_request_is_read_strictly(deployment: Deployment) -> None:
    async def endpoint(request: Request) -> Response:
        cookies = handle(request)
        return PlainTextResponse(json.dumps([cookies.get(name) for name in ("a", "b", "twice", "none")]))

    with serving(app_of(endpoint, deployment), deployment.port) as browser:
        answer = browser.http.get("/events", headers={"Cookie": 'a="q%41" ;b=; twice=1; twice=2'})
    assert answer.json() == ['"q%41"', "", None, None]


def test_an_operation_that_browsers_would_refuse_is_named(deployment: Deployment) -> None:
    cookies = deployment.core(service=None, origins=[deployment.origin]).handle("GET", [])
    with pytest.raises(InvalidOperation) as refused:
        cookies.set("app_session", "a b")
    assert refused.value.field == "value"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("value", 5),
        ("value", None),
        ("max_age", 3600.0),
        ("max_age", True),
        ("same_site", "lax"),
        ("http_only", "no"),
        ("partitioned", None),
        ("path", 5),
    ],
)
def test_an_attribute_of_another_type_is_refused_when_it_is_set(field: str, value: Any, deployment: Deployment) -> None:
    cookies = deployment.core(service=None, origins=[deployment.origin]).handle("GET", [])
    with pytest.raises(InvalidOperation, match="must be") as refused:
        cookies.set("app_session", **{"value": "8f14e45f", field: value})
    assert refused.value.field == field


def test_a_test_redeems_without_a_service(deployment: Deployment) -> None:
    with serving(streaming(sets, "data: a\n\n", deployment=deployment), deployment.port) as browser:
        answer = browser.http.get("/events")
    assert testing.redeem(answer, secret=SECRET) == [
        "app_session=8f14e45f; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"
    ]


# Sockets.


def connect(browser: Any, **options: Any) -> Any:
    fields = {"Cookie": browser.cookie_field()} if browser.cookie_field() else {}
    address = browser.origin.replace("http", "ws") + "/socket"
    return websockets.sync.client.connect(address, origin=browser.origin, additional_headers=fields, **options)


def test_a_socket_sets_the_binding_and_sends_frames_first(deployment: Deployment) -> None:
    async def endpoint(socket: WebSocket) -> None:
        handle(socket).set("theme", "dark")
        await socket.accept(subprotocol="chat")
        await socket.receive_text()
        sets(handle(socket))
        await socket.send_bytes(b"\x00binary")
        await socket.send_text(str(await handle(socket).delivered()))
        await socket.close()

    with serving(app_of(endpoint, deployment), deployment.port) as browser:
        with connect(browser, subprotocols=["chat"]) as socket:
            lines = socket.response.headers.get_all("set-cookie")
            assert lines[0].startswith("theme=dark;") and socket.subprotocol == "chat"
            browser.http.cookies.set("apply-cookies", lines[1].split(";")[0].split("=")[1], domain="127.0.0.1")
            socket.send("sign in")
            frame = json.loads(socket.recv())
            assert frame["type"] == "apply-cookies" and socket.recv() == b"\x00binary"
            assert browser.post(frame["token"]) == 204
            assert socket.recv() == "True"
        assert browser.cookies() == {"app_session": "8f14e45f"}


def test_a_socket_that_closes_still_sends_what_is_queued(deployment: Deployment) -> None:
    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        sets(handle(socket))
        await socket.close()

    with serving(app_of(endpoint, deployment), deployment.port) as browser, connect(browser) as socket:
        assert json.loads(socket.recv())["type"] == "apply-cookies"


def test_a_socket_of_a_foreign_page_gets_no_binding_and_no_token(deployment: Deployment) -> None:
    errors: list[str] = []

    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        try:
            sets(handle(socket))
        except LostCookie as error:
            errors.append(str(error))
        await socket.close()

    with serving(app_of(endpoint, deployment), deployment.port) as browser:
        address = browser.origin.replace("http", "ws") + "/socket"
        with websockets.sync.client.connect(address, origin="https://evil.example") as socket:
            assert "set-cookie" not in socket.response.headers
    assert "Origin" in errors[0]


def test_a_handshake_that_is_refused_says_what_is_lost(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    async def endpoint(socket: WebSocket) -> None:
        sets(handle(socket))
        await socket.close()

    refused = pytest.raises(websockets.exceptions.InvalidStatus)
    with serving(app_of(endpoint, deployment), deployment.port) as browser, refused, connect(browser):
        pass
    assert "app_session" in caplog.text


def test_the_endpoint_is_forwarded_with_nothing_but_what_it_judges(deployment: Deployment) -> None:
    with serving(streaming(deployment=deployment), deployment.port) as browser:
        module = browser.http.get("/__apply-cookies/client.js")
        again = browser.http.get("/__apply-cookies/client.js", headers={"If-None-Match": module.headers["etag"]})
        assert (module.status_code, again.status_code) == (200, 304)
        bound = browser.http.post("/__apply-cookies/bind", headers={"Origin": browser.origin})
        assert bound.status_code == 204 and "apply-cookies" in bound.cookies
        assert browser.http.post("/__apply-cookies", headers={"Origin": "https://evil.example"}).status_code == 403
        two = [("Origin", browser.origin), ("Origin", browser.origin)]
        assert browser.http.post("/__apply-cookies", headers=two).status_code == 403
        long = browser.http.post("/__apply-cookies", headers={"Origin": browser.origin}, data={"t": "x" * 100_000})
        assert long.status_code == 413


def test_nothing_is_forwarded_to_another_machine() -> None:
    with pytest.raises(RuntimeError, match="only to loopback or a socket"):
        Deployment(1, "", "").core(service=None, forward="192.0.2.1:8788")
