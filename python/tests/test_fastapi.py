"""FastAPI: the handle as a parameter, both kinds of event streams, sync handlers, mounted apps."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator

from conftest import SECRET, Deployment, serving
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.testclient import TestClient
from sse_starlette import EventSourceResponse as OtherResponse

from apply_cookies import ApplyCookies, Outcome, testing
from apply_cookies.fastapi import ApplyCookiesMiddleware, Cookies


def app_of(core: ApplyCookies) -> FastAPI:
    app = FastAPI()
    app.add_middleware(ApplyCookiesMiddleware, cookies=core)

    @app.get("/own", response_class=EventSourceResponse)
    async def own(cookies: Cookies) -> AsyncIterable[ServerSentEvent]:
        yield ServerSentEvent(raw_data="checking")
        cookies.set("app_session", "8f14e45f")
        yield ServerSentEvent(raw_data=str(await cookies.delivered()))

    @app.get("/other")
    async def other(cookies: Cookies) -> OtherResponse:
        async def stream() -> AsyncIterable[dict[str, str]]:
            yield {"data": "checking"}
            cookies.set("app_session", "8f14e45f")
            yield {"data": str(await cookies.delivered())}

        return OtherResponse(stream())

    @app.get("/threads")
    def threads(cookies: Cookies) -> StreamingResponse:
        def stream() -> Iterator[str]:
            yield "data: checking\n\n"
            cookies.set("app_session", "8f14e45f")
            yield "data: True\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    return app


def test_every_kind_of_stream_signs_in(deployment: Deployment) -> None:
    for path in ("/own", "/other", "/threads"):
        with serving(app_of(deployment.core()), deployment.port) as browser:
            heard = browser.events(path)
            assert [data for name, data in heard if name == "message"] == ["checking", "True"]
            # FastAPI's own runs ahead of what is written, so there the frame may be first.
            assert "apply-cookies" in [name for name, _ in heard[:-1]] and len(heard) == 3
            assert browser.cookies() == {"app_session": "8f14e45f"}


def test_a_mounted_app_shares_the_handle(deployment: Deployment) -> None:
    outer = FastAPI()
    outer.add_middleware(ApplyCookiesMiddleware, cookies=deployment.core())
    outer.mount("/inner", app_of(deployment.core()))
    with serving(outer, deployment.port) as browser:
        assert len([name for name, _ in browser.events("/inner/threads") if name == "apply-cookies"]) == 1


def test_an_app_that_waits_is_tested_without_a_service() -> None:
    for outcome, delivered in ((Outcome.RELEASED, True), (Outcome.EXPIRED, False)):
        app = app_of(testing.without_service(SECRET, outcome=outcome))
        client = TestClient(app, base_url="https://testserver")
        answer = client.get("/other")
        assert f"data: {delivered}" in answer.text
        assert testing.redeem(answer, secret=SECRET) == ["app_session=8f14e45f; Path=/; Secure; HttpOnly; SameSite=Lax"]
