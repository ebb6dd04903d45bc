"""NiceGUI: it owns its socket, so what is set travels in the element."""

from __future__ import annotations

import os

from nicegui import ui
from page_head import HEAD
from starlette.requests import Request

from apply_cookies import ApplyCookies, Cookies, NoBinding

core = ApplyCookies()


def handshake() -> Cookies:
    return core.for_handshake(ui.context.client.environ or {})


@ui.page("/")
def page(request: Request) -> None:
    ui.add_head_html(HEAD)
    cookies = core.handle("GET", [(name.lower(), value) for name, value in request.scope["headers"]])
    ui.label(f"who: {cookies.get('app_session') or 'nobody'}")
    place = ui.row()

    async def send(what: str) -> None:
        try:
            cookies = handshake()
            receipt = cookies.set("app_session", "ada") if what == "in" else cookies.delete("app_session")
            if what == "out":
                cookies.barrier()
        except NoBinding:
            ui.run_javascript("rebind()")
            return
        with place:
            if what == "in":
                ui.element("apply-cookies").props(f'token="{token_of(cookies)}"')
            else:
                ui.html(cookies.element(), sanitize=False)
        outcome = await receipt
        with place:
            ui.label(f"{what}: {outcome.value}")

    ui.button("in", on_click=lambda: send("in"))
    ui.button("out", on_click=lambda: send("out"))


def token_of(cookies: Cookies) -> str:
    return cookies.element().split('"')[1]


ui.run(host="127.0.0.1", port=int(os.environ["PORT"]), reload=False, show=False)
