"""Operations: their rules (SPEC §4), plain http (§4.1), their JSON (§7) and their lines."""

import json
import re
from dataclasses import dataclass, replace

TCHAR = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
COOKIE_OCTETS = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
PATH = re.compile(r"/[\x21-\x3a\x3c-\x7e]*")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# The longest that match first.
PREFIXES = ("__host-http-", "__secure-", "__http-", "__host-")
SAME_SITE = (None, "Strict", "Lax", "None")
MAX_OPERATIONS, MAX_LINES = 20, 6144
MAX_NAME_VALUE, MAX_PATH, MAX_DOMAIN, MAX_AGE = 4096, 1024, 253, 34560000


class Refused(Exception):
    """An operation that breaks a rule; says in which field."""

    def __init__(self, field):
        super().__init__(field)
        self.field = field


@dataclass(frozen=True)
class Operation:
    """`value` is None in a delete, whose `http_only`, `same_site` and `max_age` stay as they are here."""

    name: str
    value: str | None
    path: str | None = "/"
    domain: str | None = None
    secure: bool = True
    http_only: bool = True
    same_site: str | None = None
    partitioned: bool = False
    max_age: int | None = None

    @property
    def is_delete(self):
        return self.value is None


def prefix_of(name):
    return next((each for each in PREFIXES if name.lower().startswith(each)), "")


def is_reserved(name):
    rest = name.lower().removeprefix(prefix_of(name))
    return rest == "apply-cookies" or rest.startswith("apply-cookies-")


def percent_decoded(name):
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda hit: bytes([int(hit[1], 16)]), name)


def check_name(name):
    """Rule 1, and what rule 2 says about the decoded name."""
    if not TCHAR.fullmatch(name.encode()) or is_reserved(name):
        raise Refused("name")
    decoded = percent_decoded(name.encode())
    if not TCHAR.fullmatch(decoded):
        raise Refused("name")
    decoded = decoded.decode("ascii")
    if prefix_of(decoded) != prefix_of(name) or is_reserved(decoded):
        raise Refused("name")


def check(op):
    """Rules 1 to 7 of §4, in their order."""
    check_name(op.name)
    prefix = prefix_of(op.name)
    if "host-" in prefix:
        if op.path != "/":
            raise Refused("path")
        if op.domain is not None:
            raise Refused("domain")
    if prefix and not op.secure:
        raise Refused("secure")
    if "http-" in prefix and not op.http_only:
        raise Refused("http_only")
    if not COOKIE_OCTETS.fullmatch(op.value or ""):
        raise Refused("value")
    if op.path is not None and not PATH.fullmatch(op.path):
        raise Refused("path")
    if op.domain is not None:
        labels = op.domain.split(".")
        if len(labels) < 2 or not all(map(LABEL.fullmatch, labels)) or labels[-1].isdigit():
            raise Refused("domain")
    if (op.same_site == "None" or op.partitioned) and not op.secure:
        raise Refused("secure")
    if len(op.name) + len(op.value or "") > MAX_NAME_VALUE:
        raise Refused("name" if op.is_delete else "value")
    if len(op.path or "") > MAX_PATH:
        raise Refused("path")
    if len(op.domain or "") > MAX_DOMAIN:
        raise Refused("domain")
    if not 0 <= (op.max_age or 0) <= MAX_AGE:
        raise Refused("max_age")


def check_batch(operations):
    """Every rule of §4; the lines."""
    if not 1 <= len(operations) <= MAX_OPERATIONS:
        raise Refused("operations")
    for op in operations:
        check(op)
    if len({(op.name, op.domain, op.path, op.partitioned) for op in operations}) < len(operations):
        raise Refused("name")
    lines = [set_cookie(op) for op in operations]
    if sum(len(f"Set-Cookie: {line}\r\n") for line in lines) > MAX_LINES:
        raise Refused("operations")
    return lines


def set_cookie(op):
    """The value of the operation's `Set-Cookie` line."""
    parts = [f"{op.name}={op.value or ''}"]
    if op.path is not None:
        parts.append(f"Path={op.path}")
    if op.domain is not None:
        parts.append(f"Domain={op.domain}")
    if op.is_delete:
        parts += ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
    elif op.max_age is not None:
        parts.append(f"Max-Age={op.max_age}")
    if op.secure:
        parts.append("Secure")
    if op.http_only or op.is_delete:
        parts.append("HttpOnly")
    if op.same_site is not None:
        parts.append(f"SameSite={op.same_site}")
    if op.partitioned:
        parts.append("Partitioned")
    return "; ".join(parts)


class OtherNumber:
    """A JSON number that is not an unsigned integer of 64 bits."""


def whole(text):
    return int(text) if text.isdigit() and len(text) <= 20 and int(text) < 2**64 else OtherNumber()


def no_number(text):
    raise ValueError(text)


class Members(list):
    """The members of a JSON object as they are written: repeated ones too."""


def load_json(text):
    """`ValueError` where it is not JSON, or has half a surrogate pair."""
    value = json.loads(text, object_pairs_hook=Members, parse_int=whole, parse_float=lambda _: OtherNumber(), parse_constant=no_number)
    json.dumps(value, ensure_ascii=False, default=lambda _: None).encode()
    return value


def or_null(is_valid):
    return lambda value: value is None or is_valid(value)


def is_text(value):
    return isinstance(value, str)


def is_flag(value):
    return value is None or isinstance(value, bool)


FIELDS = {
    "op": lambda value: value in ("set", "delete"),
    "name": is_text,
    "value": is_text,
    "max_age": or_null(lambda value: type(value) is int),
    "path": or_null(is_text),
    "domain": or_null(is_text),
    "secure": is_flag,
    "http_only": is_flag,
    "same_site": lambda value: value is None or (is_text(value) and value in SAME_SITE),
    "partitioned": is_flag,
}
NOT_IN_A_DELETE = ("value", "max_age", "http_only", "same_site")


def operation_from_json(members, plain_http=False):
    """An operation as §7 writes it, from `load_json`; checked, and settled for its pages' scheme."""
    if not isinstance(members, Members):
        raise Refused("operation")
    fields = {}
    for name, value in members:
        if name not in FIELDS or name in fields or not FIELDS[name](value):
            raise Refused(name)
        fields[name] = value
    is_delete = fields.get("op") == "delete"
    for name in ("op", "name") if is_delete else ("op", "name", "value"):
        if name not in fields:
            raise Refused(name)
    if is_delete:
        for name in NOT_IN_A_DELETE:
            if name in fields:
                raise Refused(name)
    else:
        fields.setdefault("same_site", "Lax")
    del fields["op"]
    fields.setdefault("value", None)
    says_secure = bool(fields.get("secure"))
    # A flag that is null is left out, as one that is false; one that is absent has its default.
    op = Operation(**{name: bool(value) if FIELDS[name] is is_flag else value for name, value in fields.items()})
    check(op)
    return for_plain_http(op, says_secure) if plain_http else op


def for_plain_http(op, says_secure):
    """§4.1, for an operation that has passed the rules of https."""
    if op.same_site == "None":
        raise Refused("same_site")
    if op.partitioned:
        raise Refused("partitioned")
    op = replace(op, name=name_on_plain_http(op.name), secure=says_secure)
    check_name(op.name)
    return op


def name_on_plain_http(name):
    while prefix := prefix_of(name):
        name = name[len(prefix) :]
    return name


def batch_from_json(text, plain_http=False):
    """The operations of a batch; `Refused` names a field of the batch or of an operation."""
    try:
        batch = load_json(text)
    except (ValueError, RecursionError):
        raise Refused("batch") from None
    if not isinstance(batch, Members):
        raise Refused("operations")
    fields = {}
    for name, value in batch:
        if name != "operations" or name in fields:
            raise Refused(name)
        fields[name] = value
    listed = fields.get("operations")
    if not isinstance(listed, list) or isinstance(listed, Members):
        raise Refused("operations")
    if not all(isinstance(each, Members) for each in listed):
        raise Refused("operations")
    operations = tuple(operation_from_json(each, plain_http) for each in listed)
    check_batch(operations)
    return operations


def operation_to_json(op):
    """With every field, as a dictionary."""
    fields = {"op": "delete" if op.is_delete else "set", **vars(op)}
    return {name: value for name, value in fields.items() if not (op.is_delete and name in NOT_IN_A_DELETE)}
