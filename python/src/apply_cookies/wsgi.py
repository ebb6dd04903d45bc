"""WSGI middleware, for Flask and every other WSGI app."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .app import ApplyCookies, fields_of
from .forward import MAX_BODY, forward, is_below
from .streams import carried

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class ApplyCookiesMiddleware:
    """Gives each request its handle, as `environ["apply_cookies"]`.

    WSGI cannot send at once: what is set inside a stream goes with the next chunk, and at the end.
    """

    def __init__(self, app: WSGIApplication, /, cookies: ApplyCookies | None = None, **options: Any) -> None:
        self.app = app
        self.cookies = cookies or ApplyCookies(**options)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serves one request."""
        self.cookies.start(int(environ["SERVER_PORT"]))
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        if self.cookies.forward and is_below(self.cookies.prefix, path):
            return self._forward(environ, start_response, path)
        cookies = self.cookies.handle(environ["REQUEST_METHOD"], fields_of(environ))
        environ["apply_cookies"] = cookies
        started: list[bool] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
            fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            lines = cookies.head(int(status.split()[0]), fields)
            started.append(True)
            added = [*(("Set-Cookie", line) for line in lines), *cookies.of_stream(fields)]
            return start_response(status, [*headers, *added], exc_info)

        body: Any = self.app(environ, start)
        if started and cookies.is_carried_by is None:
            return body  # type: ignore[no-any-return]
        return _Closing(carried(cookies, body), body)

    def _forward(self, environ: WSGIEnvironment, start_response: StartResponse, path: str) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        body = environ["wsgi.input"].read(min(int(length), MAX_BODY + 1)) if length.isdigit() else b""
        fields = fields_of(environ)
        if content_type := environ.get("CONTENT_TYPE"):
            fields.append((b"content-type", content_type.encode("latin-1")))
        assert self.cookies.forward
        answer = forward(self.cookies.forward, environ["REQUEST_METHOD"], path, fields, body)
        headers = [*answer.fields, ("Content-Length", str(len(answer.body)))]
        start_response(f"{answer.status} {answer.reason}", headers if answer.status != 204 else headers[:-1])
        return [answer.body]


class _Closing:
    """A body that closes the app's own, as WSGI servers expect."""

    def __init__(self, chunks: Any, body: Any) -> None:
        self._chunks = chunks
        self._body = body

    def __iter__(self) -> Any:
        return self._chunks

    def close(self) -> None:
        self._chunks.close()
        if hasattr(self._body, "close"):
            self._body.close()
