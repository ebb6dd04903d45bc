"""A token in a stream (SPEC.md §8)."""

from __future__ import annotations


def sse(token: str) -> str:
    """A server-sent event, with the blank line that ends it."""
    return f'event: apply-cookies\ndata: {{"token":"{token}"}}\n\n'


def websocket(token: str) -> str:
    """A WebSocket's text message."""
    return f'{{"type":"apply-cookies","token":"{token}"}}'


def html(token: str) -> str:
    """The element."""
    return f'<apply-cookies token="{token}"></apply-cookies>'
