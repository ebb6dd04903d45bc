"""What apply-cookies refuses on purpose although Mesop lets it through, predicted from the input.

Each rule keeps from the wire what a browser would drop or change without a word, what could inject an
attribute, or what is beyond a limit (protocol/SPEC.md §3 and §4). An input is refused exactly when one
of these says so; anything else is a disagreement.
"""

import math
import re
import urllib.parse

PREFIXES = ("__host-http-", "__secure-", "__host-", "__http-")


def of_operation(operation, line):
    """The rule that an operation breaks, or None.

    `line` is Werkzeug's Set-Cookie text of it, None where Werkzeug raises.
    """
    name = operation["name"]
    if not _is_token(name):
        return "name is no token"
    if _is_reserved(name):
        return "name is reserved"
    decoded = urllib.parse.unquote_to_bytes(name).decode("latin-1")
    if not _is_token(decoded) or _prefix(decoded) != _prefix(name) or _is_reserved(decoded):
        return "name that is another one once percent-decoded"
    domain = operation["domain"]
    if domain is not None and not _is_domain(domain):
        return "domain that is no host name, or only in its xn-- form"
    path = operation["path"]
    if path is not None and len(urllib.parse.quote(path, safe="%!$&'()*+,/:=@")) > 1024:
        return "path too long"
    secure = operation["secure"]
    if operation.get("same_site") == "None" and not secure:
        return "SameSite=None without Secure"
    http_only = operation["op"] == "delete" or operation["http_only"]
    prefix = _prefix(name)
    if prefix and (
        not secure
        or ("host" in prefix and (domain is not None or path != "/"))
        or ("http" in prefix and not http_only)
    ):
        return "prefix whose conditions are not met"
    if line is None:
        return "Expires beyond the year 9999"
    if re.search(r"[\x1a-\x1f]", operation.get("value", "")):
        return "control character that Werkzeug leaves raw"
    if len(_name_and_value(line)) - 1 > 4096:
        return "name and value too long"
    return None


def of_batch(operations, lines):
    """The rule that a batch breaks, or None. `lines` are Werkzeug's Set-Cookie texts."""
    broken = next(filter(None, map(of_operation, operations, lines)), None)
    if broken:
        return broken
    if len(operations) > 20:
        return "more than 20 operations"
    if sum(len("Set-Cookie: \r\n") + len(line) for line in lines) > 6 * 1024:
        return "Set-Cookie lines too long"
    return None


def of_value(name, value, wire):
    """The rule that a class value breaks, or None. `wire` is what Python makes of it."""
    if _has_lone_surrogate(value):
        return "half of a surrogate pair"
    if math.isnan(value["ratio"]) or math.isinf(value["ratio"]):
        return "NaN and Infinity"
    if _depth(value) > 8:
        return "nested more than 8 deep"
    if len(name) + len(wire) > 4096:
        return "name and value too long"
    return None


def of_field(name, field):
    """Where a Cookie field is read in another way on purpose, or None.

    Browsers send pairs of a name, an equals sign and a value, separated by semicolons. What Werkzeug
    reads beyond that lets a neighbour's cookie hide one of ours or pass for it.
    """
    if re.search('="[^"]*;', field):
        return "quoted text that goes over a semicolon"
    pairs = [pair.strip(" \t") for pair in field.split(";")]
    if name in pairs:
        return "name without an equals sign"
    if any(re.match(re.escape(name) + "[ \t]+=", pair) for pair in pairs):
        return "name with a space behind it"
    return None


def _is_token(name):
    return re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name)


def _prefix(name):
    return next((prefix for prefix in PREFIXES if name.lower().startswith(prefix)), "")


def _is_reserved(name):
    return re.fullmatch(r"apply-cookies(-.*)?", name[len(_prefix(name)) :], re.IGNORECASE)


def _is_domain(domain):
    host = domain.partition(":")[0].lstrip(".")
    if not host.isascii():
        # What Python makes of other letters differs from what browsers make of them.
        if not re.fullmatch("[a-zà-öø-ÿ0-9.-]+", host):
            return False
        host = host.encode("idna").decode("ascii")
    return host == "" or all(re.fullmatch(r"[A-Za-z0-9_-]{1,63}", label) for label in host.split("."))


def _name_and_value(line):
    return line.partition("; ")[0] if '="' not in line else line[: line.rindex('"') + 1]


def _has_lone_surrogate(value):
    return any(isinstance(text, str) and re.search("[\ud800-\udfff]", text) for text in value.values())


def _depth(value):
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
