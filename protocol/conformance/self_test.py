"""Random payloads and values, from a fixed seed: what the vectors cannot list."""

import json
import random

import payload as payloads
from keys import KeyRing, from_base64url, to_base64url
from open_token import Rejected, open_token, seal_bytes, seal_token
from operations import SAME_SITE, Operation, Refused, batch_from_json, check_batch, operation_to_json
from payload import Malformed, Payload, Reader, decode, encode, varint
from values import Unreadable, read_value, write_value

ROUNDS = 300
RING = KeyRing("a secret of the self-test, and of nothing else")
NOW = 1795000000000
OCTETS = [chr(byte) for byte in range(0x21, 0x7F) if chr(byte) not in '",;\\']


def text(draw, most, alphabet=OCTETS):
    return "".join(draw.choices(alphabet, k=draw.choice((0, 1, 5, most))))


def operation(draw, number):
    """One that can be emitted; its number makes its name unlike the others."""
    name = f"n{number}"
    path = draw.choice(("/", None, "/a", "/" + text(draw, 140)))
    domain = draw.choice((None, None, "app.example", "x" * 63 + ".example"))
    if draw.random() < 0.3:
        return Operation(name, None, path, domain, secure=True, partitioned=draw.random() < 0.5)
    return Operation(
        name,
        text(draw, draw.choice((126, 127, 128, 200))),
        path,
        domain,
        secure=True,
        http_only=draw.random() < 0.5,
        same_site=draw.choice(SAME_SITE),
        partitioned=draw.random() < 0.5,
        max_age=draw.choice((None, 0, 127, 128, 16383, 16384, 2097151, 2097152, 34560000)),
    )


def payload(draw):
    lifetime = draw.choice((1, 60000, 86400000))
    return Payload(
        nonce=draw.randbytes(16),
        issued_at=NOW + draw.randint(1 - lifetime, 5000),
        lifetime=lifetime,
        operations=tuple(operation(draw, number) for number in range(draw.choice((1, 2, 7, 20)))),
        barrier=draw.random() < 0.5,
        scope=draw.choice((None, draw.randbytes(16))),
        binding=None,
        then=draw.choice((None, "reconnect", "reload", {"go": "/"}, {"go": "/" + "x" * draw.choice((126, 127, 1023))})),
    )


def is_rejected(step, token):
    try:
        open_token(RING, token, NOW)
    except Rejected as rejected:
        assert rejected.step == step, (rejected.step, step)
    else:
        raise AssertionError(f"not rejected: {step}")


def what_is_sealed_opens_again():
    draw = random.Random(1)
    released = 0
    for _ in range(ROUNDS):
        drawn = payload(draw)
        seal, iv = draw.choice(("signed", "encrypted")), draw.randbytes(16)
        token = seal_token(RING.current, seal, drawn, iv)
        try:
            lines = check_batch(drawn.operations)
        except Refused:  # Too many lines.
            is_rejected("cannot-emit", token)
            continue
        opened = open_token(RING, token, NOW)
        assert (opened.seal, opened.payload, opened.lines) == (seal, drawn, lines)
        released += 1
    assert released > ROUNDS // 2, released


def every_changed_byte_is_refused():
    draw = random.Random(2)
    drawn = Payload(draw.randbytes(16), NOW, 60000, (operation(draw, 0), operation(draw, 1)))
    for seal in ("signed", "encrypted"):
        token = seal_token(RING.current, seal, drawn, draw.randbytes(16))
        open_token(RING, token, NOW)
        data = from_base64url(token[3:])
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= draw.randint(1, 255)
            is_rejected("key" if place < 4 else "forged", token[:3] + to_base64url(changed))


def one_payload_has_one_encoding():
    """Any payload with changed, lost or added bytes is malformed, or is another payload in its one encoding."""
    draw = random.Random(3)
    malformed = 0
    for _ in range(ROUNDS):
        plain = encode(payload(draw))
        for _ in range(20):
            changed = bytearray(plain)
            place = draw.randrange(len(changed))
            match draw.randrange(3):
                case 0:
                    changed[place] = draw.choice((0, 1, changed[place] ^ 0x80, draw.randrange(256)))
                case 1:
                    del changed[place]
                case 2:
                    changed.insert(place, draw.choice((0, 0x80, draw.randrange(256))))
            try:
                assert encode(decode(bytes(changed))) == changed
            except Malformed:
                malformed += 1
    assert ROUNDS < malformed < ROUNDS * 20, malformed


def longer_forms_of_a_varint_are_refused():
    draw = random.Random(4)
    edges = [0, 1, 127, 128, 16383, 16384, 2097151, 2097152, 2**28 - 1]
    for number in edges + [draw.randrange(2 ** draw.randint(1, 28)) for _ in range(ROUNDS)]:
        shortest = varint(number)
        reader = Reader(shortest)
        assert reader.varint() == number
        reader.end()
        for longer in range(len(shortest) + 1, 7):
            groups = [number >> 7 * place & 0x7F for place in range(longer)]
            form = bytes([group | 0x80 for group in groups[:-1]] + groups[-1:])
            try:
                Reader(form).varint()
            except Malformed:
                continue
            raise AssertionError(form.hex())


def longer_forms_inside_a_token_are_refused():
    """The same in place: each varint of an operation, in a payload that is right otherwise."""
    draw = random.Random(5)
    op = Operation("abc", "defg", "/hi", "j.example", max_age=60)
    plain = encode(Payload(draw.randbytes(16), NOW, 60000, (op,)))
    is_open = open_token(RING, seal_bytes(RING.current, "signed", plain, NOW), NOW)
    assert is_open.payload.operations == (op,)
    first = 1 + 16 + 6 + 4 + 1
    for place in range(first, first + 6):
        longer = plain[:place] + bytes([plain[place] | 0x80, 0]) + plain[place + 1 :]
        is_rejected("payload", seal_bytes(RING.current, "signed", longer, NOW))


def values_are_read_as_they_were_written():
    draw = random.Random(6)
    for _ in range(ROUNDS):
        value = draw.randbytes(draw.choice((0, 1, 20, 500)))
        protection = draw.choice(("plain", "signed", "encrypted"))
        end = draw.choice((None, NOW + 1)) if protection != "plain" else None
        written = write_value(RING.current, "n", protection, value, end, now=NOW, iv=draw.randbytes(16)).encode()
        read = read_value(RING, "n", protection, written, NOW)
        assert (read.value, read.expires_at, read.under_previous_key) == (value, end, False)
        if protection == "plain":
            continue
        try:
            read_value(RING, "N", protection, written, NOW)
        except Unreadable as unreadable:
            assert unreadable.reason == "forged"
        else:
            raise AssertionError("read under another name")


def batches_are_read_as_they_were_written():
    draw = random.Random(7)
    read = 0
    for _ in range(ROUNDS):
        operations = payload(draw).operations
        batch = json.dumps({"operations": [operation_to_json(op) for op in operations]})
        try:
            assert batch_from_json(batch) == operations
            read += 1
        except Refused as refused:  # Too many lines.
            assert refused.field == "operations"
    assert read > ROUNDS // 2, read


def each_refusal_of_a_batch_names_its_field():
    op = '{"op": "delete", "name": "a"}'
    on_plain_http = f'{{"operations": [{op}, {{"op": "delete", "name": "__Host-a"}}]}}'
    assert len(batch_from_json(on_plain_http)) == 2
    for batch, field, plain_http in (
        ("x", "batch", False),
        ("[]", "operations", False),
        ("{}", "operations", False),
        ('{"operations": []}', "operations", False),
        (f'{{"operations": {op}}}', "operations", False),
        (f'{{"operations": [{op}, 1]}}', "operations", False),
        (f'{{"operations": [{op}], "x": 1}}', "x", False),
        (f'{{"operations": [{op}, {op}]}}', "name", False),
        (on_plain_http, "name", True),
    ):
        try:
            batch_from_json(batch, plain_http)
        except Refused as refused:
            assert refused.field == field, (batch, refused.field)
        else:
            raise AssertionError(batch)


def a_token_that_lives_longer_than_the_deployment_allows_is_refused_before_it_has_expired():
    drawn = Payload(bytes(16), NOW, 60001, (Operation("a", None),))
    token = seal_token(RING.current, "signed", drawn)
    for now in (NOW, NOW + 60001):
        try:
            open_token(RING, token, now, longest_lifetime=60000)
        except Rejected as rejected:
            assert rejected.step == "lifetime"
        else:
            raise AssertionError("opened")
    assert open_token(RING, token, NOW, longest_lifetime=60001).payload == drawn


SELF_TESTS = (
    what_is_sealed_opens_again,
    every_changed_byte_is_refused,
    one_payload_has_one_encoding,
    longer_forms_of_a_varint_are_refused,
    longer_forms_inside_a_token_are_refused,
    values_are_read_as_they_were_written,
    batches_are_read_as_they_were_written,
    each_refusal_of_a_batch_names_its_field,
    a_token_that_lives_longer_than_the_deployment_allows_is_refused_before_it_has_expired,
)
