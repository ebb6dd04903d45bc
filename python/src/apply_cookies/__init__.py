"""Cookies from inside streams and sockets: a handler sets them after the headers have left.

The handler's cookies travel in a sealed token over the stream that the page has open; the page posts
the token back, and the answer of the service sets the cookies, `HttpOnly` and all.
"""

__version__ = "0.1.0"

from .app import ApplyCookies
from .classes import cookie_class
from .codec.operations import DeleteCookie, SetCookie
from .cookies import Cookies
from .errors import (
    ApplyCookiesError,
    BadSecret,
    InvalidOperation,
    LostCookie,
    NoBinding,
    ServiceError,
)
from .receipts import Outcome, Receipt

__all__ = [
    "ApplyCookies",
    "ApplyCookiesError",
    "BadSecret",
    "Cookies",
    "DeleteCookie",
    "InvalidOperation",
    "LostCookie",
    "NoBinding",
    "Outcome",
    "Receipt",
    "ServiceError",
    "SetCookie",
    "cookie_class",
]
