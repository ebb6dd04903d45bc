"""Their side: Mesop's own functions, and through them itsdangerous, cryptography and Werkzeug."""

import dataclasses
import json
import os
from unittest import mock

import flask
import mesop as me
import werkzeug.http
from mesop.commands.cookie_class import _COOKIE_CLASSES, _encode_value, _fernet_encrypt
from mesop.runtime.context import PendingCookie
from mesop.server.server import _CookieTokenCache
from werkzeug.wrappers import Response

from . import program

os.environ["MESOP_COOKIE_SECRET_KEY"] = program.SECRET

_requests = flask.Flask(__name__)
_cache = _CookieTokenCache()


def mint(operations):
    """A token, as the end of an event handler writes it."""
    return _cache.put([_pending(operation) for operation in operations])


def redeem(token):
    """What the endpoint gets out of a token: its cookies as dictionaries, or None."""
    cookies = _cache.pop(token)
    return cookies and [dataclasses.asdict(cookie) for cookie in cookies]


def _pending(operation):
    """Our operation as Mesop keeps it; `delete_cookie` makes one with an empty value and no time."""
    is_delete = operation["op"] == "delete"
    return PendingCookie(
        name=operation["name"],
        value="" if is_delete else operation["value"],
        max_age=0 if is_delete else operation["max_age"],
        path=operation["path"],
        domain=operation["domain"],
        secure=operation["secure"],
        httponly=is_delete or operation["http_only"],
        samesite="Lax" if is_delete else operation["same_site"],
    )


def as_mesop(operation):
    return dataclasses.asdict(_pending(operation))


class _FixedTime(werkzeug.http.datetime):
    """The one thing that must be changed to compare Expires: the moment."""

    moment = 0

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(cls.moment, tz)


def set_cookie(operation, now):
    """The Set-Cookie text that the endpoint's answer has, or None where Werkzeug raises."""
    cookie = as_mesop(operation)
    answer = Response()
    _FixedTime.moment = now
    with mock.patch.object(werkzeug.http, "datetime", _FixedTime):
        try:
            answer.set_cookie(cookie.pop("name"), cookie.pop("value"), **cookie)
        except (ValueError, OverflowError):
            return None
    return answer.headers["Set-Cookie"]


def cookie_class(name, protection, fields):
    """A class as an app declares it. `fields` gives each its default."""
    plain = dataclasses.make_dataclass(
        "Value", [(field, type(default), default) for field, default in fields.items()]
    )
    return me.cookieclass(
        name=name, signed=protection == "signed", encrypted=protection == "encrypted"
    )(plain)


def encode(cls, value):
    """The value as it stands on the wire, after `me.set_cookie` and the endpoint."""
    meta = _COOKIE_CLASSES[cls]
    # The line of me.set_cookie; around it Mesop needs a page that is being rendered.
    text = _encode_value(json.dumps(dataclasses.asdict(cls(**value))), meta)
    line = werkzeug.http.dump_cookie(meta.name, text, path=None, max_size=0)
    return line[len(meta.name) + 1 :]


def encrypt(text):
    return _fernet_encrypt(text, program.SECRET)


def decode(cls, field):
    """What `me.cookie` reads from a Cookie field."""
    with _request(field):
        return dataclasses.asdict(me.cookie(cls))


def first_cookie(name, field):
    """What `me.cookie` makes of a field for an app that reads a cookie by its name; None for nothing."""
    with _request(field):
        return me.cookie(name) if name in flask.request.cookies else None


def _request(field):
    # Bytes of the wire are characters here (PEP 3333).
    return _requests.test_request_context(
        environ_overrides={"HTTP_COOKIE": field.encode("utf-8").decode("latin-1")}
    )
