"""JSON as SPEC.md §12.4 step 8 wants it."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

MAX_DEPTH = 8

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:]', re.DOTALL)


class JsonRefused(ValueError):
    """`reason` is `not-json`, `too-deep` or `duplicate-key`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def refuse_constant(name: str) -> NoReturn:
    """NaN and the infinities, which Python reads, are not JSON."""
    raise JsonRefused("not-json")


def finite(text: str) -> float:
    """A number that a double holds."""
    number = float(text)
    if not math.isfinite(number):
        raise JsonRefused("not-json")
    return number


def whole(text: str) -> int:
    """A whole number that is within the range of a double."""
    finite(text)
    return int(text)


def unescape(literal: str) -> str:
    """What a string's literal says. Lone surrogates are refused."""
    try:
        text = str(json.loads(literal))
        text.encode("utf-8")
    except ValueError:
        raise JsonRefused("not-json") from None
    return text


def loads(text: str) -> Any:
    """Reads a value, and refuses what is not JSON, nested too deep, or has a key twice."""
    _scan(text)
    try:
        return json.loads(text, parse_constant=refuse_constant, parse_float=finite, parse_int=whole)
    except JsonRefused:
        raise
    except (ValueError, RecursionError):
        raise JsonRefused("not-json") from None


def _scan(text: str) -> None:
    # In the order of the text, and before the parser, which would recurse.
    open_: list[set[str] | None] = []
    last = ""
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in "{[":
            open_.append(set() if token == "{" else None)
            if len(open_) > MAX_DEPTH:
                raise JsonRefused("too-deep")
        elif token in "}]":
            if open_:
                open_.pop()
        elif token == ":":
            keys = open_[-1] if open_ else None
            if keys is not None and last:
                key = unescape(last)
                if key in keys:
                    raise JsonRefused("duplicate-key")
                keys.add(key)
        elif "\\u" in token:
            unescape(token)
        last = token if token[0] == '"' else ""
