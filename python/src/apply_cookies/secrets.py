"""Secrets from the environment and from files, and which of them are refused (SPEC.md §2.1).

What nobody drew at random (a template, a path, a placeholder) the service refuses as well, by
longer lists than this module has: `apply-cookies check-config` names it.
"""

from __future__ import annotations

import itertools
import math
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from .codec.keys import without_line_end
from .errors import BadSecret

Form: TypeAlias = Literal["one", "commas", "lines"]

SECRET = "APPLY_COOKIES_SECRET_KEY"
PREVIOUS = "APPLY_COOKIES_PREVIOUS_KEYS"

_PLAIN = r"[A-Za-z0-9\-_+/=]"
_SPACE = re.compile(
    r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
    rf"|^(?:\\[nrt])+{_PLAIN}*\Z|^{_PLAIN}*(?:\\[nrt])+\Z|^(?:\\[nrt])+{_PLAIN}*(?:\\[nrt])+\Z"
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffd\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_QUOTES = "\"'`\u00b4\u00ab\u00bb\u2039\u203a\uff02\uff07" + "".join(
    map(chr, [*range(0x2018, 0x2020), *range(0x300C, 0x3010)])
)
_LIST = re.compile(
    rf"[,;\uff0c\u3001\uff1b]|(?P<secret>{_PLAIN}{{40,}})#|[A-Za-z_]{{3,}}=(?P<assigned>{_PLAIN}{{40,}})"
)
_PLAIN_ONLY = re.compile(f"{_PLAIN}*")
# Every one that the vectors use. Never a secret: that is what the list is for.
_PUBLISHED = (
    "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA",
    "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs",
    "public-secret-0123456789abcdef0123456789abcdef",
)


def refusal(text: str) -> str | None:
    """The first rule that refuses a secret whose line end is gone; `None` where it may serve."""
    if _SPACE.search(text):
        return "white-space"
    if _INVISIBLE.search(text):
        return "invisible"
    if any(unicodedata.category(character) == "Cc" for character in text):
        return "control"
    if text and (text[0] in _QUOTES or text[-1] in _QUOTES):
        return "quoted"
    if _is_list(text):
        return "list"
    size = len(text.encode("utf-8", "surrogatepass"))
    if not 32 <= size <= 1024:
        return "too-short" if size < 32 else "too-long"
    if _is_published(text):
        return "published"
    return "guessable" if _bits(text) < (84 if re.fullmatch("[0-9a-fA-F]*", text) else 98) else None


def _is_list(text: str) -> bool:
    if text[:1] + text[-1:] in ("[]", "{}", "()"):
        inside = text[1:-1]
        if _PLAIN_ONLY.fullmatch(inside) or inside[0] in _QUOTES and inside[-1] in _QUOTES:
            return True
    for mark in "|:&\\":
        parts = text.split(mark)
        if len(parts) > 1 and all(len(part) > 36 and _PLAIN_ONLY.fullmatch(part) for part in parts):
            return True
    found = _LIST.search(text)
    if not found:
        return False
    secret = found["secret"] or found["assigned"]
    return secret is None or secret != secret.lower() or bool(re.fullmatch("[0-9a-f]+", secret))


def _is_published(text: str) -> bool:
    def plain(secret: str) -> str:
        return secret.lower().replace("+", "-").replace("/", "_")

    windows = {plain(known)[at : at + 32] for known in _PUBLISHED for at in range(len(known) - 31)}
    return any(plain(text)[at : at + 32] in windows for at in range(len(text) - 31))


def _bits(text: str) -> float:
    data = text.encode("utf-8", "surrogatepass")
    steps = bytes((after - before) % 256 for before, after in itertools.pairwise(data))
    return min(sum(c * math.log2(len(seen) / c) for c in Counter(seen).values()) for seen in (data, steps))


def read(text: str, form: Form, where: str = "the secret") -> list[str]:
    """The secrets that a text holds: one, a list by commas, or one a line. Raises `BadSecret`."""
    if form == "one":
        entries: list[tuple[int | None, str]] = [(None, without_line_end(text))]
    elif form == "commas":
        entries = list(enumerate(without_line_end(text).split(","), 1))
    else:
        numbered = enumerate((line.removesuffix("\r") for line in text.split("\n")), 1)
        entries = [(number, line) for number, line in numbered if line.strip(" \t") and line.lstrip(" \t")[0] != "#"]
    for entry, secret in entries:
        if rule := refusal(secret):
            raise BadSecret(rule, where, entry)
    return [secret for _, secret in entries]


def from_environment(environ: Mapping[str, str] = os.environ) -> tuple[str, list[str]]:
    """The current secret and the previous ones. Raises `BadSecret`, with the variable's name."""
    current = _read_variable(environ, SECRET, "one", "one")
    if not current:
        raise BadSecret("missing", f"{SECRET} or {SECRET}_FILE")
    return current[0], _read_variable(environ, PREVIOUS, "commas", "lines")


def _read_variable(environ: Mapping[str, str], name: str, form: Form, file_form: Form) -> list[str]:
    text, path = environ.get(name), environ.get(f"{name}_FILE")
    if text and path:
        raise BadSecret("set twice", f"{name} and {name}_FILE")
    if text:
        return read(text, form, name)
    if not path:
        return []
    try:
        with Path(path).open("rb") as file:
            data = file.read(65_537)
        if len(data) > 65_536:
            raise BadSecret("too-long", f"the file of {name}_FILE")
        return read(data.decode("utf-8"), file_form, f"the file of {name}_FILE")
    except UnicodeDecodeError:
        raise BadSecret("not UTF-8", f"the file of {name}_FILE") from None
    except OSError as error:
        raise BadSecret(f"cannot be read: {error.strerror}", f"the file of {name}_FILE") from None
