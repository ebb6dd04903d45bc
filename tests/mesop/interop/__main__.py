"""Random batches, values and Set-Cookie lines, written by one side and read by the other, both ways.

    python -m interop [SEED]

Disagreements must be none. Inputs that apply-cookies refuses on purpose are counted by their rule;
refusing anything else, or letting through what a rule names, is a disagreement too.
"""

import collections
import json
import secrets
import sys
import time
import warnings

from . import program, python_side, refusals
from .random_cookies import FIELDS, Cookies

COUNT = 1000
NAMES = ["session", "prefs", "SID", "a.b-c_d~e"]
PROTECTIONS = ["plain", "signed", "encrypted"]
NOW = int(time.time())

# Werkzeug warns of cookies that browsers drop; here they are counted instead.
warnings.simplefilter("ignore")


class Tally:
    """One check over many inputs."""

    failed = 0

    def __init__(self, what, enough=COUNT // 2):
        self.what = what
        self.enough = enough
        self.agreed = 0
        self.refused = collections.Counter()
        self.identical = None
        self.disagreements = []

    def see(self, rule, given, expected, got):
        """`got` is None where our side refused."""
        if got == expected if rule is None else got is None:
            self.agreed += rule is None
            self.refused[rule] += rule is not None
        else:
            self.disagreements.append((rule, given, expected, got))

    def report(self):
        refused = sum(self.refused.values())
        # If nearly everything were refused, agreement would mean nothing.
        good = not self.disagreements and self.agreed >= self.enough
        Tally.failed += not good
        print(f"{'ok' if good else 'not ok'} - {self.what}: {self.agreed} agree, {refused} refused on "
              f"purpose, {len(self.disagreements)} disagree")  # fmt: skip
        if self.identical is not None:
            print(f"#   byte for byte the same: {self.identical}")
        for rule, count in sorted(filter(lambda pair: pair[1], self.refused.items())):
            print(f"#   refused {count}: {rule}")
        for rule, given, expected, got in self.disagreements[:5]:
            print(f"#   rule {rule}\n#     given    {given!a}\n#     expected {expected!a}\n#     got      {got!a}")


def as_mesop(operations):
    """Our operations in Mesop's words, in which a deletion is an empty value that has ended."""
    return comparable([python_side.as_mesop(operation) for operation in operations])


def comparable(cookies):
    """Mesop's cookies, or None, as a text. Werkzeug reads SameSite without case."""
    return canonical(
        cookies and [cookie | {"samesite": cookie["samesite"] and cookie["samesite"].title()} for cookie in cookies]
    )


def mutated_tokens(cookies, batches):
    """For changed tokens we are at least as strict as Mesop."""
    tally = Tally("changed tokens: none is taken that Mesop refuses or reads otherwise", enough=1)
    tokens = [cookies.mutated(python_side.mint(operations)) for operations in batches]
    for token, report in zip(tokens, program.inspect(tokens, int(time.time()))):
        if report["verdict"] != "valid":
            tally.refused["invalid"] += 1
            continue
        tally.see(None, token, comparable(python_side.redeem(token)), as_mesop(report["operations"]))
    tally.report()


def mutated_values(cookies):
    """For changed protected values we are at least as strict as Mesop."""
    for protection in PROTECTIONS[1:]:
        tally = Tally(f"changed {protection} values: none is read that Mesop reads otherwise", enough=1)
        cls = python_side.cookie_class("session", protection, FIELDS)
        wires = [cookies.mutated(python_side.encode(cls, cookies.value())) for _ in range(COUNT)]
        for wire, (is_read, value) in zip(wires, program.decode("session", protection, wires)):
            if is_read:
                tally.see(None, wire, canonical(python_side.decode(cls, f"session={wire}")), canonical(value))
            else:
                tally.refused[value] += 1
        tally.report()


def hostile_fields(cookies):
    """Cookie fields that somebody else had a hand in."""
    tally = Tally("hostile Cookie fields: none is read that Mesop reads otherwise", enough=COUNT // 10)
    fields = [cookies.hostile_field("session") for _ in range(COUNT)]
    answers = program.decode("session", "plain", fields, "--header", "--text")
    for field, (is_read, text) in zip(fields, answers):
        rule = refusals.of_field("session", field)
        if rule or not is_read:
            tally.refused[rule or text] += 1
        else:
            tally.see(None, field, python_side.first_cookie("session", field), text)
    tally.report()


def lines_of(operations):
    return [python_side.set_cookie(operation, NOW) for operation in operations]


def tokens_of_python(batches):
    tally = Tally("tokens of Python, read by apply-cookies")
    tokens = [python_side.mint(operations) for operations in batches]
    for operations, token, report in zip(batches, tokens, program.inspect(tokens, int(time.time()))):
        got = None
        if report["verdict"] == "valid":
            got = as_mesop(report["operations"])
        tally.see(refusals.of_batch(operations, lines_of(operations)), token, as_mesop(operations), got)
    tally.report()


def tokens_of_ours(batches):
    tally = Tally("tokens of apply-cookies, read by Mesop")
    for operations, token in zip(batches, program.mint(batches)):
        got = comparable(python_side.redeem(token)) if token else None
        tally.see(refusals.of_batch(operations, lines_of(operations)), token or operations, as_mesop(operations), got)
    tally.report()


def set_cookie_lines(batches):
    tally = Tally("Set-Cookie lines of both")
    operations = [operation for batch in batches for operation in batch][:COUNT]
    for operation, ours in zip(operations, program.set_cookie(operations, NOW)):
        theirs = python_side.set_cookie(operation, NOW)
        rule = refusals.of_operation(operation, theirs)
        tally.see(rule, operation, theirs, ours)
    tally.report()


def values(cookies):
    """Class values, both ways, at each protection."""
    for protection in PROTECTIONS:
        theirs = Tally(f"{protection} values of Python, read by apply-cookies")
        in_header = Tally(f"{protection} values of Python in a Cookie field, read by apply-cookies")
        ours = Tally(f"{protection} values of apply-cookies, read by Mesop")
        if protection != "encrypted":  # whose bytes differ each time
            ours.identical = 0
        for name in NAMES:
            cls = python_side.cookie_class(name, protection, FIELDS)
            some = [cookies.value() for _ in range(COUNT // len(NAMES))]
            wires = [python_side.encode(cls, value) for value in some]
            rules = [refusals.of_value(name, value, wire) for value, wire in zip(some, wires)]
            fields = [f"x=1; {name}={wire}; y=2" for wire in wires]
            bare_answers = program.decode(name, protection, wires)
            header_answers = program.decode(name, protection, fields, "--header")
            written = program.encode(name, protection, [json.dumps(value) for value in some])
            rows = zip(some, wires, rules, bare_answers, fields, header_answers, written)
            for value, wire, rule, bare, field, header, text in rows:
                exact = canonical(value)
                theirs.see(rule, wire, exact, canonical(bare[1]) if bare[0] else None)
                in_header.see(rule, field, exact, canonical(header[1]) if header[0] else None)
                read = None if text is None else canonical(python_side.decode(cls, f"{name}={text}"))
                if protection == "encrypted":
                    # It carries the cookie's name as well, in a member that Mesop ignores.
                    wire = python_side.encrypt(json.dumps({"__apply_cookies": [name, None]} | value))
                    rule = refusals.of_value(name, value, wire)
                ours.see(rule, text or value, exact, read)
                if ours.identical is not None:
                    ours.identical += text == wire
        for tally in (theirs, in_header, ours):
            tally.report()


def canonical(value):
    """Distinguishes 1 from 1.0 and from True, which Python's comparison does not."""
    return json.dumps(value, sort_keys=True)


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbelow(2**32)
    print(f"# seed {seed}", flush=True)
    cookies = Cookies(seed)
    batches = [cookies.batch() for _ in range(COUNT)]
    tokens_of_python(batches)
    tokens_of_ours(batches)
    set_cookie_lines(batches)
    values(cookies)
    mutated_tokens(cookies, batches)
    mutated_values(cookies)
    hostile_fields(cookies)
    sys.exit(1 if Tally.failed else 0)


main()
