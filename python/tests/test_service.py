"""What an app says of a service that does not fit, and what it does while there is none."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import SECRET, Deployment, environment_of, program, serving, until
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from apply_cookies import ApplyCookies, BadSecret, Outcome, ServiceError, SetCookie
from apply_cookies import secrets as secrets_of_apps
from apply_cookies.asgi import ApplyCookiesMiddleware
from apply_cookies.codec.operations import settle


def carried(core: ApplyCookies) -> Any:
    """A handle whose stream is open, for a browser of its own."""
    name = core.site.binding_cookie
    cookies = core.handle("GET", [(b"cookie", f"{name}={secrets.token_urlsafe(32)}".encode())])
    cookies.carry("sse")
    return cookies


def test_another_secret_is_said_in_words(deployment: Deployment) -> None:
    core = ApplyCookies(secrets.token_urlsafe(32), service=f"unix:{deployment.internal}")
    with pytest.raises(ServiceError, match="another secret"):
        core.start()


def test_an_origin_that_the_service_lacks_is_named(deployment: Deployment) -> None:
    with pytest.raises(ServiceError, match=r"https://other\.example"):
        deployment.core(origins=["https://other.example"]).start()


@pytest.mark.parametrize(
    "origins", ["https://app.example", ["app.example"], ["https://app.example/"], ["https://app.example", ""]]
)
def test_what_is_no_origin_is_refused_before_it_decides_anything(origins: Any) -> None:
    with pytest.raises(ServiceError, match=r"origin"):
        ApplyCookies(SECRET, origins=origins)


def test_an_address_without_its_scheme_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="unix:/PATH"):
        ApplyCookies(SECRET, service=f"{tmp_path}/api.sock")


def test_the_public_listener_is_not_taken_for_the_api(deployment: Deployment) -> None:
    with pytest.raises(ServiceError, match="--api-listen"):
        ApplyCookies(SECRET, service=f"unix:{deployment.public}").start()


def test_another_prefix_is_named(deployment: Deployment) -> None:
    with pytest.raises(ServiceError, match="/elsewhere"):
        deployment.core(prefix="/elsewhere").start()


def test_an_app_that_knows_no_origin_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APPLY_COOKIES_ORIGIN", raising=False)
    with pytest.raises(ServiceError, match="APPLY_COOKIES_ORIGIN"):
        ApplyCookies(SECRET).start()


def test_a_server_does_not_start_with_a_service_that_does_not_fit(deployment: Deployment) -> None:
    async def talk() -> list[Any]:
        said: list[Any] = []

        async def receive() -> dict[str, str]:
            return {"type": "lifespan.startup"}

        async def send(message: Any) -> None:
            said.append(message)

        app = ApplyCookiesMiddleware(Starlette(), deployment.core(prefix="/elsewhere"))
        await app({"type": "lifespan"}, receive, send)
        return said

    (message,) = asyncio.run(talk())
    assert message["type"] == "lifespan.startup.failed" and "/elsewhere" in message["message"]


def test_an_app_without_its_secret_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APPLY_COOKIES_SECRET_KEY", raising=False)
    monkeypatch.delenv("APPLY_COOKIES_SECRET_KEY_FILE", raising=False)
    app = Starlette()
    app.add_middleware(ApplyCookiesMiddleware, origins=["https://app.example"])
    said: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        said.append(message)

    asyncio.run(app({"type": "lifespan", "app": app}, receive, send))
    (message,) = said
    assert message["type"] == "lifespan.startup.failed" and "APPLY_COOKIES_SECRET_KEY" in message["message"]
    with pytest.raises(BadSecret):
        ApplyCookiesMiddleware(Starlette(), origins=["https://app.example"])


def test_cookies_are_sent_while_there_is_no_service(tmp_path: Path, deployment: Deployment) -> None:
    nowhere = f"unix:{tmp_path}/nobody.sock"
    core = deployment.core(service=nowhere, forward=nowhere, origins=[deployment.origin])

    async def endpoint(request: Request) -> Response:
        async def body() -> Any:
            request.scope["apply_cookies"].set("app_session", "8f14e45f")
            yield "data: a\n\n"

        return StreamingResponse(body(), media_type="text/event-stream")

    app = ApplyCookiesMiddleware(Starlette(routes=[Route("/events", endpoint)]), core)
    with serving(app, deployment.port) as browser:
        assert [name for name, _ in browser.events(redeems=False)] == ["apply-cookies", "message"]
        answer = browser.http.post("/__apply-cookies", headers={"Origin": browser.origin})
        assert answer.status_code == 503 and answer.headers["retry-after"] == "1"


def test_receipts_outlive_a_restart_of_the_service(tmp_path: Path) -> None:
    origin = "http://localhost:8000"
    public, internal = f"unix:{tmp_path}/public.sock", f"unix:{tmp_path}/api.sock"
    # What was used is kept over the restart, so that tokens need not be newer than it.
    store = f"file:{tmp_path}/replay"
    command = [program(), "serve", "--listen", public, "--api-listen", internal, "--origin", origin, "--replay", store]

    def start() -> subprocess.Popen[bytes]:
        child = subprocess.Popen(command, env=environment_of(APPLY_COOKIES_SECRET_KEY=SECRET))
        until(lambda: get_ready(internal))
        return child

    child = start()
    try:
        core = ApplyCookies(SECRET, service=internal)
        core.start()
        cookies = carried(core)
        receipt = cookies.set("app_session", "8f14e45f")
        (token,) = cookies.take()
        child.terminate()
        child.wait(20)
        child = start()
        name = core.site.binding_cookie
        fields = {"Origin": origin, "Cookie": f"{name}={cookies.request.one(b'cookie').decode().split('=')[1]}"}
        with httpx.Client(transport=httpx.HTTPTransport(uds=public.removeprefix("unix:"))) as client:
            form = {"t": token, "r": secrets.token_urlsafe(16)}
            assert client.post("http://localhost/__apply-cookies", headers=fields, data=form).status_code == 204
        assert receipt.wait(20) is Outcome.RELEASED
    finally:
        child.terminate()
        child.wait(20)


def test_what_was_settled_before_the_events_were_open_is_asked_for(deployment: Deployment) -> None:
    core = deployment.core()
    core.start()
    binding = secrets.token_urlsafe(32)
    (minted,) = core.mint([settle(SetCookie("app_session", "8f14e45f"), https=False)], binding)
    fields = {"Origin": deployment.origin, "Cookie": f"apply-cookies={binding}"}
    with httpx.Client(transport=httpx.HTTPTransport(uds=deployment.public)) as client:
        form = {"t": minted.token, "r": secrets.token_urlsafe(16)}
        assert client.post("http://localhost/__apply-cookies", headers=fields, data=form).status_code == 204
    outcomes: list[Outcome] = []
    assert core.service
    core.service.watch(minted.receipt, minted.expires_at, outcomes.append)
    until(lambda: outcomes, 5)
    assert outcomes == [Outcome.RELEASED]


def get_ready(internal: str) -> bool:
    with httpx.Client(transport=httpx.HTTPTransport(uds=internal.removeprefix("unix:"))) as client:
        try:
            return client.get("http://localhost/readyz").status_code == 200
        except httpx.TransportError:
            return False


def test_secrets_come_from_variables_and_files(tmp_path: Path) -> None:
    older = secrets.token_urlsafe(32)
    file = tmp_path / "previous"
    file.write_text(f"# older ones\n\n{older}\n")
    found = secrets_of_apps.from_environment(
        {"APPLY_COOKIES_SECRET_KEY": SECRET, "APPLY_COOKIES_PREVIOUS_KEYS_FILE": str(file)}
    )
    assert found == (SECRET, [older])


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "APPLY_COOKIES_SECRET_KEY or APPLY_COOKIES_SECRET_KEY_FILE is refused: missing"),
        ({"APPLY_COOKIES_SECRET_KEY": SECRET, "APPLY_COOKIES_SECRET_KEY_FILE": "/x"}, "set twice"),
        ({"APPLY_COOKIES_SECRET_KEY_FILE": "/does/not/exist"}, "cannot be read"),
        ({"APPLY_COOKIES_SECRET_KEY": SECRET, "APPLY_COOKIES_PREVIOUS_KEYS": f"{SECRET} ,x"}, "number 1"),
        ({"APPLY_COOKIES_SECRET_KEY": "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA"}, "published"),
    ],
)
def test_a_secret_that_is_refused_is_named_and_never_shown(environ: dict[str, str], words: str) -> None:
    with pytest.raises(BadSecret, match=words) as refused:
        secrets_of_apps.from_environment(environ)
    assert SECRET not in str(refused.value) and "8uNnT5lZ" not in str(refused.value)


def test_nothing_shows_a_secret() -> None:
    core = ApplyCookies(SECRET, origins=["https://app.example"])
    shown = repr([core, core.ring, core.ring.current, vars(core)])
    assert SECRET not in shown


def test_random_secrets_are_accepted() -> None:
    for _ in range(2_000):
        for text in (secrets.token_urlsafe(32), secrets.token_hex(32), secrets.token_hex(16)):
            assert secrets_of_apps.refusal(text) is None
