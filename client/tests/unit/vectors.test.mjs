// The vectors of protocol/vectors against an opener that shares no code with the Rust crate: what
// both get right, another implementation can get right from the specification.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { keyRing, openToken, Refused } from "./support/open-token.mjs";
import {
  checkJson,
  findCookie,
  lineOfJson,
  readValue,
  writePlain,
} from "./support/read-value.mjs";

const VECTORS = new URL("../../../protocol/vectors/", import.meta.url);

// With the fewest files of each. A folder that is lost, or read from the wrong place, would
// otherwise pass with nothing in it.
const FEWEST_ACCEPTED = 28;
const FEWEST_REJECTED = {
  "too-long": 2,
  version: 5,
  form: 8,
  key: 2,
  forged: 15,
  payload: 58,
  "cannot-emit": 62,
  expired: 2,
  "not-yet-valid": 1,
  "wrong-browser": 10,
};

const INPUT = [
  "binding_cookie",
  "binding_required",
  "comment",
  "now",
  "previous_secrets",
  "secret",
  "token",
];
const ACCEPTED = [...INPUT, "iv", "opened", "set_cookie"];

const namesIn = (folder, isWanted, kind) =>
  readdirSync(new URL(folder, VECTORS), { withFileTypes: true }).map((entry) => {
    assert.ok(isWanted(entry), `${folder}${entry.name} is not a ${kind}`);
    return entry.name;
  });

const foldersIn = (folder) => namesIn(folder, (entry) => entry.isDirectory(), "folder");

const isVector = (entry) => entry.isFile() && entry.name.endsWith(".json");

const vectorsIn = (folder, fields, fewest) => {
  const names = namesIn(folder, isVector, "vector");
  assert.ok(names.length >= fewest, `${names.length} files in ${folder}, fewer than ${fewest}`);
  return names.map((name) => {
    const vector = JSON.parse(readFileSync(new URL(folder + name, VECTORS), "utf8"));
    // A field that is not read here would be a requirement that is not tested.
    assert.deepEqual(Object.keys(vector).sort(), [...fields].sort(), `fields of ${folder}${name}`);
    return { name, ...vector };
  });
};

const open = (vector, bindingRequired = vector.binding_required) =>
  openToken(keyRing(vector.secret, ...vector.previous_secrets), vector.token, {
    now: vector.now,
    bindingCookie: vector.binding_cookie,
    bindingRequired,
  });

// In the form of the vectors, which only say that there is a binding, not which.
const described = (opened) => ({
  seal: opened.seal,
  nonce: opened.nonce.toString("base64url"),
  issued_at: opened.issuedAt,
  expires_at: opened.expiresAt,
  barrier: opened.barrier,
  scope: opened.scope?.toString("base64url") ?? null,
  bound: opened.binding !== null,
  then: opened.action,
  operations: opened.operations,
});

test("the vectors are in the folders and files that this test knows", () => {
  // Those of mesop/ were made by Python, and are tested against the codec alone.
  // secrets.json is for what reads a configuration.
  const values = ["cookie-header.json", "secrets.json", "set-cookie.json", "values.json"];
  const known = ["accept", "mesop", "reject", ...values].sort();
  assert.deepEqual(readdirSync(VECTORS).sort(), known);
  assert.deepEqual(foldersIn("reject/").sort(), Object.keys(FEWEST_REJECTED).sort());
});

test("every token of accept/ opens and says what its file says", async (t) => {
  for (const vector of vectorsIn("accept/", ACCEPTED, FEWEST_ACCEPTED)) {
    await t.test(vector.name, () => {
      const opened = open(vector);
      assert.deepEqual(described(opened), vector.opened);
      assert.deepEqual(opened.setCookie, vector.set_cookie);
    });
  }
});

for (const [reason, fewest] of Object.entries(FEWEST_REJECTED)) {
  test(`every token of reject/${reason}/ is refused for that reason`, async (t) => {
    for (const vector of vectorsIn(`reject/${reason}/`, INPUT, fewest)) {
      await t.test(vector.name, () => {
        assert.throws(
          () => open(vector),
          (error) => {
            // Anything else is a fault of the opener, and must not pass for a refusal.
            if (!(error instanceof Refused)) throw error;
            assert.equal(error.reason, reason, error.message);
            return true;
          },
        );
      });
    }
  });
}

test("where no binding is required, a wrong browser opens only a token without one", () => {
  for (const vector of vectorsIn("reject/wrong-browser/", INPUT, 1)) {
    let opened;
    try {
      opened = open(vector, false);
    } catch (error) {
      assert.equal(error.reason, "wrong-browser", vector.name);
      continue;
    }
    assert.equal(opened.binding, null, vector.name);
  }
});

// A table is an object with a comment and its cases, each with these fields and no others.
const casesOf = (file, fewest, fields, optional) => {
  const { cases } = JSON.parse(readFileSync(new URL(file, VECTORS), "utf8"));
  assert.ok(cases.length >= fewest, `${cases.length} cases in ${file}, fewer than ${fewest}`);
  for (const vector of cases) {
    const rest = Object.keys(vector).filter((field) => !fields.includes(field));
    assert.ok(fields.every((field) => Object.hasOwn(vector, field)) && rest.length > 0);
    assert.ok(rest.every((field) => optional.includes(field)), `${file}: ${vector.comment}`);
  }
  return cases;
};

// Anything thrown that is not a refusal is a fault of the reader.
const refusal = (read) => {
  try {
    read();
  } catch (error) {
    if (error instanceof Refused) return error.reason;
    throw error;
  }
  return undefined;
};

test("every value is read, or refused for the reason that its case gives", async (t) => {
  const fields = ["comment", "secret", "previous_secrets", "name", "protection", "now", "text", "json"];
  const optional = ["value", "expires_at", "under_previous_key", "written", "reason"];
  for (const vector of casesOf("values.json", 80, fields, optional)) {
    await t.test(`${vector.protection}: ${vector.comment}`, () => {
      let read;
      const reason = refusal(() => {
        read = readValue(vector);
        if (vector.json) checkJson(read.value);
      });
      assert.equal(reason, vector.reason);
      if (vector.reason !== undefined) return;
      assert.equal(read.value.toString("utf8"), vector.value);
      assert.equal(read.expiresAt, vector.expires_at);
      assert.equal(read.index > 0, vector.under_previous_key);
      if (vector.protection === "plain" && vector.written) {
        assert.equal(writePlain(Buffer.from(vector.value)), vector.text);
        assert.equal(decodeURIComponent(vector.text), vector.value);
      }
    });
  }
});

test("every Cookie field is read as its case says", async (t) => {
  for (const vector of casesOf("cookie-header.json", 50, ["comment", "fields", "name"], ["found"])) {
    await t.test(vector.comment, () => {
      assert.deepEqual(findCookie(vector.fields, vector.name), vector.found);
    });
  }
});

test("every operation is written, or refused, as its case says", async (t) => {
  const optional = ["plain_http", "set_cookie", "field"];
  for (const vector of casesOf("set-cookie.json", 60, ["comment", "operation"], optional)) {
    await t.test(vector.comment, () => {
      let line;
      const reason = refusal(() => {
        line = lineOfJson(vector.operation, vector.plain_http);
      });
      assert.equal(reason === undefined, vector.field === undefined, reason);
      assert.equal(line, vector.set_cookie);
    });
  }
});
