"""Where frames go in a stream of server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

from .codec import frames
from .cookies import Cookies


class EventStream:
    """One body of server-sent events: it knows whether it stands between two events."""

    def __init__(self, cookies: Cookies) -> None:
        self._cookies = cookies
        self._tail = b"\n\n"

    def frames(self) -> bytes:
        """What is queued, as events, where the stream stands between two; else nothing."""
        if self._cookies.is_carried_by != "sse" or not self._is_between():
            return b""
        return "".join(map(frames.sse, self._cookies.take())).encode("ascii")

    def chunk(self, chunk: bytes) -> bytes:
        """The app's next chunk, with what is queued in front of it, or behind what it ends.

        In front, because a page that closes its stream on the app's last event hears nothing behind it.
        """
        before = self.frames()
        self._tail = (self._tail + chunk)[-4:]
        return before + chunk + self.frames()

    def _is_between(self) -> bool:
        # Lines end with CR LF, LF or CR, and a blank one ends an event.
        return self._tail.replace(b"\r\n", b"\n").replace(b"\r", b"\n").endswith(b"\n\n")


def carried(cookies: Cookies, body: Iterable[bytes]) -> Iterator[bytes]:
    """A body without a way to send at once (WSGI, Django): frames go with chunks, and at the end."""
    stream = EventStream(cookies)
    try:
        for chunk in body:
            yield stream.chunk(chunk) if cookies.is_carried_by == "sse" else chunk
        if last := stream.frames():
            yield last
    finally:
        cookies.close("the stream has ended")


async def carried_async(cookies: Cookies, body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The same for an asynchronous body."""
    stream = EventStream(cookies)
    try:
        async for chunk in body:
            yield stream.chunk(chunk)
        if last := stream.frames():
            yield last
    finally:
        cookies.close("the stream has ended")
