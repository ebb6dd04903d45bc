"""FastAPI: the handle as a parameter, both kinds of event streams, sync handlers, mounted apps."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator

from conftest import Deployment, serving
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sse_starlette import EventSourceResponse as OtherResponse

from apply_cookies.fastapi import ApplyCookiesMiddleware, Cookies


def app_of(deployment: Deployment) -> FastAPI:
    app = FastAPI()
    app.add_middleware(ApplyCookiesMiddleware, cookies=deployment.core())

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
        with serving(app_of(deployment), deployment.port) as browser:
            heard = browser.events(path)
            assert [data for name, data in heard if name == "message"] == ["checking", "True"]
            # FastAPI's own runs ahead of what is written, so there the frame may be first.
            assert "apply-cookies" in [name for name, _ in heard[:-1]] and len(heard) == 3
            assert browser.cookies() == {"app_session": "8f14e45f"}


def test_a_mounted_app_shares_the_handle(deployment: Deployment) -> None:
    outer = FastAPI()
    outer.add_middleware(ApplyCookiesMiddleware, cookies=deployment.core())
    outer.mount("/inner", app_of(deployment))
    with serving(outer, deployment.port) as browser:
        assert len([name for name, _ in browser.events("/inner/threads") if name == "apply-cookies"]) == 1
