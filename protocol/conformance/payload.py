"""The payload of a token, to and from bytes: SPEC §5."""

import re
from dataclasses import dataclass

from keys import LATEST_TIME
from operations import MAX_OPERATIONS, SAME_SITE, Operation

MAX_LIFETIME = 86400000
BARRIER, SCOPE, BINDING, ACTION = 1, 2, 4, 8
DELETE, SECURE, HTTP_ONLY, SAME_SITE_SHIFT, HAS_MAX_AGE, ELSEWHERE, PARTITIONED = 1, 2, 4, 3, 32, 64, 128
SAME_SITE_BITS = 3 << SAME_SITE_SHIFT
KNOWN = DELETE | SECURE | HTTP_ONLY | SAME_SITE_BITS | HAS_MAX_AGE | ELSEWHERE | PARTITIONED
IN_A_DELETE = DELETE | SECURE | ELSEWHERE | PARTITIONED
RECONNECT, RELOAD, GO = 1, 2, 3
ACTION_PATH = re.compile(r"/(?!/)[\x21-\x5b\x5d-\x7e]*")


class Malformed(Exception):
    """Bytes that are not the one encoding of a payload."""


@dataclass(frozen=True)
class Payload:
    """`then` is None, "reconnect", "reload" or {"go": path}."""

    nonce: bytes
    issued_at: int
    lifetime: int
    operations: tuple
    barrier: bool = False
    scope: bytes | None = None
    binding: bytes | None = None
    then: object = None

    @property
    def expires_at(self):
        return self.issued_at + self.lifetime


def is_action_path(path):
    """§5.2: a path that stays on its own origin."""
    escaped = re.search(r"%(2f|5c)", path, re.IGNORECASE)
    return bool(ACTION_PATH.fullmatch(path)) and not escaped and len(path) <= 1024


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class Reader:
    def __init__(self, data):
        self._data, self._at = data, 0

    def take(self, length):
        end = self._at + length
        if end > len(self._data):
            raise Malformed("cut off")
        taken, self._at = self._data[self._at : end], end
        return taken

    def number(self, length):
        return int.from_bytes(self.take(length), "big")

    def varint(self, at_most=4):
        number = 0
        for place in range(at_most):
            byte = self.number(1)
            number |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                if byte == 0 and place > 0:
                    raise Malformed("not the shortest form")
                return number
        raise Malformed("a number that is too long")

    def text(self, length):
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed("a text that is not UTF-8") from None

    def end(self):
        if self._at != len(self._data):
            raise Malformed("bytes left over")


def encode(payload):
    flags = (
        BARRIER * payload.barrier
        | SCOPE * (payload.scope is not None)
        | BINDING * (payload.binding is not None)
        | ACTION * (payload.then is not None)
    )
    numbers = bytes([flags]) + payload.nonce
    numbers += payload.issued_at.to_bytes(6, "big") + payload.lifetime.to_bytes(4, "big")
    numbers += (payload.scope or b"") + (payload.binding or b"")
    texts = b""
    if payload.then == "reconnect":
        numbers += bytes([RECONNECT])
    elif payload.then == "reload":
        numbers += bytes([RELOAD])
    elif payload.then is not None:
        texts = payload.then["go"].encode()
        numbers += bytes([GO]) + varint(len(texts))
    numbers += bytes([len(payload.operations)])
    for op in payload.operations:
        op_numbers, op_texts = encode_operation(op)
        numbers += op_numbers
        texts += op_texts
    return numbers + texts


def encode_operation(op):
    elsewhere = (op.path, op.domain) != ("/", None)
    flags = SECURE * op.secure | ELSEWHERE * elsewhere | PARTITIONED * op.partitioned
    if op.is_delete:
        flags |= DELETE
    else:
        flags |= HTTP_ONLY * op.http_only | SAME_SITE.index(op.same_site) << SAME_SITE_SHIFT
        flags |= HAS_MAX_AGE * (op.max_age is not None)
    texts = [op.name] if op.is_delete else [op.name, op.value]
    if elsewhere:
        texts += [op.path or "", op.domain or ""]
    texts = [text.encode() for text in texts]
    numbers = varint(flags) + b"".join(varint(len(text)) for text in texts)
    if flags & HAS_MAX_AGE:
        numbers += varint(op.max_age)
    return numbers, b"".join(texts)


def decode(data):
    reader = Reader(data)
    flags = reader.number(1)
    if flags & ~(BARRIER | SCOPE | BINDING | ACTION):
        raise Malformed("an unknown flag")
    nonce, issued_at, lifetime = reader.take(16), reader.number(6), reader.number(4)
    if not 1 <= lifetime <= MAX_LIFETIME or issued_at + lifetime > LATEST_TIME:
        raise Malformed("a time out of bounds")
    scope = reader.take(16) if flags & SCOPE else None
    binding = reader.take(16) if flags & BINDING else None
    action = reader.number(1) if flags & ACTION else None
    if action not in (None, RECONNECT, RELOAD, GO):
        raise Malformed("an unknown action")
    path_length = reader.varint() if action == GO else 0
    count = reader.number(1)
    if not 1 <= count <= MAX_OPERATIONS:
        raise Malformed("too many operations, or none")
    all_numbers = [decode_numbers(reader) for _ in range(count)]
    # Every number has been read: what is left is text.
    then = {None: None, RECONNECT: "reconnect", RELOAD: "reload"}.get(action)
    if action == GO:
        path = reader.text(path_length)
        if not is_action_path(path):
            raise Malformed("an action's path")
        then = {"go": path}
    operations = tuple(decode_texts(reader, *numbers) for numbers in all_numbers)
    reader.end()
    return Payload(nonce, issued_at, lifetime, operations, bool(flags & BARRIER), scope, binding, then)


def decode_numbers(reader):
    """An operation's flags; the lengths of its texts, None for one that it does not have; its Max-Age."""
    flags = reader.varint(at_most=2)
    if flags & ~(IN_A_DELETE if flags & DELETE else KNOWN):
        raise Malformed("an unknown flag")
    name = reader.varint()
    value = None if flags & DELETE else reader.varint()
    path, domain = (reader.varint(), reader.varint()) if flags & ELSEWHERE else (0, 0)
    max_age = reader.varint() if flags & HAS_MAX_AGE else None
    return flags, (name, value, path or None, domain or None), max_age


def decode_texts(reader, flags, lengths, max_age):
    name, value, path, domain = (None if each is None else reader.text(each) for each in lengths)
    if not flags & ELSEWHERE:
        path = "/"
    elif (path, domain) == ("/", None):
        raise Malformed("elsewhere, and not elsewhere")
    return Operation(
        name,
        value,
        path,
        domain,
        secure=bool(flags & SECURE),
        http_only=bool(flags & (HTTP_ONLY | DELETE)),
        same_site=SAME_SITE[(flags & SAME_SITE_BITS) >> SAME_SITE_SHIFT],
        partitioned=bool(flags & PARTITIONED),
        max_age=max_age,
    )
