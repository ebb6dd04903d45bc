"""FastAPI: both transports."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import FastAPI, WebSocket
from fastapi.responses import HTMLResponse, PlainTextResponse
from page import PAGE
from pydantic import BaseModel
from sse_starlette import EventSourceResponse

from apply_cookies import cookie_class
from apply_cookies.fastapi import ApplyCookiesMiddleware, Cookies

app = FastAPI()
app.add_middleware(ApplyCookiesMiddleware)


@cookie_class("account", encrypted=True, max_age=3600)
class Account(BaseModel):
    user: str


@app.get("/")
async def page() -> HTMLResponse:
    return HTMLResponse(PAGE)


@app.get("/who")
async def who(cookies: Cookies) -> PlainTextResponse:
    account = cookies.read(Account)
    return PlainTextResponse(account.user if account else "nobody")


@app.get("/in")
async def sign_in(cookies: Cookies) -> EventSourceResponse:
    async def stream() -> AsyncIterator[dict[str, str]]:
        yield {"data": "checking"}
        cookies.set(Account(user="ada"))
        yield {"data": "welcome" if await cookies.delivered() else "not taken"}
        yield {"event": "done", "data": ""}

    return EventSourceResponse(stream())


@app.get("/out")
async def sign_out(cookies: Cookies) -> EventSourceResponse:
    async def stream() -> AsyncIterator[dict[str, str]]:
        yield {"data": "leaving"}
        cookies.delete(Account)
        cookies.barrier()
        yield {"data": "gone" if await cookies.delivered() else "not taken"}
        yield {"event": "done", "data": ""}

    return EventSourceResponse(stream())


@app.websocket("/socket")
async def socket(websocket: WebSocket, cookies: Cookies) -> None:
    await websocket.accept()
    if await websocket.receive_text() == "in":
        cookies.set(Account(user="ada"))
        await websocket.send_text("welcome" if await cookies.delivered() else "not taken")
    else:
        cookies.delete(Account)
        cookies.barrier()
        await websocket.send_text("gone" if await cookies.delivered() else "not taken")
    await websocket.receive()
