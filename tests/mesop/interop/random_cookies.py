"""Random batches and values: mostly what apps write, often what breaks parsers."""

import random
import string

WORDS = ["ada", "session", "Größe", "日本語", "😀", "e\u0301", "\ufeff", "\u2028", "%41", "+&=", "a b", "ß"]
BREAKERS = '"\\;,= \t\r\n\x00\x19\x7f\x80\u00a0\u200b'
NAME_BYTES = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"


class Cookies:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self, longest=40):
        """A text of one of many kinds."""
        r = self.random
        kind = r.randrange(9)
        if kind == 0:
            return ""
        if kind == 1:
            return "".join(r.choice(BREAKERS + string.ascii_letters) for _ in range(r.randint(1, longest)))
        if kind == 2:
            return " ".join(r.choice(WORDS) for _ in range(r.randint(1, 1 + longest // 8)))
        if kind == 3:
            # Any character there is, but for surrogates, which no text of Unicode has alone.
            points = (r.randrange(0x110000) for _ in range(r.randint(1, max(1, longest // 8))))
            return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)
        if kind == 4:
            return r.choice("ab") * r.randint(1, longest)  # compresses well
        if kind == 5:
            return "".join(chr(r.randrange(0x1A)) for _ in range(r.randint(1, longest // 4)))
        if kind == 6:
            return r.choice(['"', '""', '"a', 'a"', "\\", "\\073", '"\\"', "{}", '{"a": 1}', "null", "=", ";", " a "])
        return "".join(r.choice(string.ascii_letters + string.digits + "-_") for _ in range(r.randint(1, longest)))

    # Operations

    def batch(self):
        """Up to 20 operations, seldom more; most are fine."""
        r = self.random
        if r.random() < 0.01:
            return [self._plain_set(f"c{at}") for at in range(r.randint(20, 23))]
        return [self.operation() for _ in range(r.choice([1, 1, 1, 2, 3, 5, 9]))]

    def operation(self):
        operation = self._set() if self.random.random() < 0.8 else self._delete()
        if self.random.random() < 0.12:
            self._spoil(operation)
        return operation

    def _plain_set(self, name):
        return {
            "op": "set", "name": name, "value": self.text(), "max_age": None, "path": "/",
            "domain": None, "secure": True, "http_only": True, "same_site": "Lax",
        }  # fmt: skip

    def _set(self):
        r = self.random
        operation = self._plain_set(self._name())
        operation["value"] = self.text(r.choice([20, 40, 200, 1000]))
        operation["max_age"] = r.choice([None, 0, 1, 60, 3600, 86400, r.randint(1, 34_560_000)])
        operation["path"] = r.choice(["/"] * 6 + ["/a/b", "/a%20b", "/a:b@c", "/~x"])
        operation["domain"] = r.choice([None] * 6 + ["app.example", "xn--bcher-kva.example"])
        operation["secure"] = r.random() < 0.8
        operation["http_only"] = r.random() < 0.8
        operation["same_site"] = r.choice(["Lax", "Lax", "Strict"] + ["None"] * operation["secure"])
        return operation

    def _delete(self):
        return {
            "op": "delete", "name": self._name(), "path": self.random.choice(["/", "/a/b"]),
            "domain": self.random.choice([None, "app.example"]), "secure": self.random.random() < 0.8,
        }  # fmt: skip

    def _name(self):
        r = self.random
        if r.random() < 0.7:
            return r.choice(["session", "theme", "SID", "prefs", "a"])
        return "".join(r.choice(NAME_BYTES.replace("%", "")) for _ in range(r.randint(1, 30)))

    def _spoil(self, operation):
        """Does what Mesop lets through and somebody else does not."""
        r = self.random
        kind = r.choice(["name", "prefix", "path", "domain", "same_site", "max_age", "long", "control"])
        if kind == "name":
            operation["name"] = r.choice(
                ["", "a b", "a=b", 'a"b', "é", "x; Domain=evil.example", "a\tb", "(a)", "apply-cookies",
                 "__Host-apply-cookies", "%5F%5FHost-x", "%5f%5fsecure-x", "a%3Bb", "%61pply-cookies", "%61bc", "%zz"]
            )  # fmt: skip
        elif kind == "prefix":
            operation["name"] = r.choice(["__Host-", "__host-", "__Secure-", "__Http-", "__Host-Http-"]) + "x"
        elif kind == "path":
            operation["path"] = r.choice(["", "a", "/a b", "/é", "/a;b", "/a\r\nb", "/" + "p" * 1100, None])
        elif kind == "domain":
            operation["domain"] = r.choice(
                ["", "localhost", ".app.example", "App.example", "app.example:8080", "bücher.example",
                 "a;b.example", "127.0.0.1", "a..example", "-a.example", "straße.example", "😀.example",
                 "x.example; Secure"]
            )  # fmt: skip
        elif operation["op"] == "delete":
            pass
        elif kind == "same_site":
            operation["same_site"] = r.choice(["None", None, "strict", "LAX"])
            operation["secure"] = operation["same_site"] != "None"
        elif kind == "max_age":
            operation["max_age"] = r.choice([34_560_001, 10**9, -5, 10**12, 1.5, True, False])
        elif kind == "long":
            operation["value"] = r.choice("abc") * r.choice([4000, 4090, 5000, 8000])
        else:
            operation["value"] = "a" + chr(r.randint(0x1A, 0x1F)) + "b"

    # What attackers send

    def mutated(self, text):
        """A text with a change or two, of the kinds that lenient decoders overlook."""
        r = self.random
        for _ in range(r.choice([1, 1, 2])):
            at = r.randrange(len(text) + 1)
            piece = r.choice(["=", "==", ".", "-", "_", "+", "/", "A", " ", "!", '"', "\\", "é", "%3D", r.choice(NAME_BYTES)])
            kind = r.randrange(6)
            if kind == 0:
                text = text[:at] + piece + text[at:]
            elif kind == 1:
                text = text[:at] + piece + text[at + 1 :]
            elif kind == 2:
                text = text[:at] + text[at + 1 :]
            elif kind == 3:
                text = text + piece
            elif kind == 4:
                # The last character's low bits are in no byte of a MAC of 20 or 32 bytes.
                text = text[:-1] + chr(ord(text[-1:] or "A") ^ 1)
            else:
                parts = text.split(".")
                r.shuffle(parts)
                text = ".".join(parts)
        return text

    def hostile_field(self, name):
        r = self.random
        pieces = [name, f"{name}=", f"{name}=v", f' {name}="v"', '"', "\\", '\\"', "\\073", "\\1", ";", "; ", "=", " ", "\t",
                  ",", "é", "a", "x=1", f'x="; {name}=w', f"{name} =s", f"%73{name[1:]}=p", name.upper() + "=u", "\xa0"]
        some = lambda most: "".join(r.choice(pieces) for _ in range(r.randint(0, most)))
        return some(5) + r.choice(["", "; "]) + f"{name}=" + some(2)

    # Values of classes

    def value(self):
        """A value of the class whose defaults are `FIELDS`."""
        r = self.random
        return {
            "username": self.text(r.choice([20, 40, 400])),
            "visits": r.choice([0, 1, -1, 2**31, 2**53, 2**53 + 1, -(2**63), 2**64, 10**25, r.randint(-999, 999)]),
            "ratio": r.choice([0.0, -0.0, 0.1, 1e100, 1e-7, 1e16, 123456789.123, r.uniform(-1e6, 1e6), float("nan")]
                              if r.random() < 0.3 else [0.5, r.random()]),
            "flag": r.random() < 0.5,
            "note": r.choice([None, self.text(), "\ud83d" if r.random() < 0.05 else "é", "x" * r.choice([10, 3000, 5000]) if r.random() < 0.05 else "y"]),
            "more": self._nested(r.choice([0, 1, 2, 3, 7]) if r.random() < 0.97 else 9),
        }  # fmt: skip

    def _nested(self, depth):
        if depth == 0:
            return self.random.choice([None, True, 1, self.text()])
        if self.random.random() < 0.5:
            return [self._nested(depth - 1)]
        return {self.text(10): self._nested(depth - 1), "z": 1}


FIELDS = {"username": "", "visits": 0, "ratio": 0.0, "flag": False, "note": None, "more": None}
