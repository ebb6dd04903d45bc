// Every vector of protocol/vectors, asked of both conformance programs as the page beside them says
// (protocol/conformance/README.md). `apply-cookies conformance` asks the same, and random cases.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const VECTORS = new URL("../../../protocol/vectors/", import.meta.url);

const json = (path) => JSON.parse(readFileSync(new URL(path, VECTORS), "utf8"));
const filesIn = (folder) => readdirSync(new URL(folder, VECTORS)).map((name) => [`${folder}${name}`, json(folder + name)]);

/** The fewest of each: what is lost, or read from the wrong place, would otherwise pass with nothing in it. */
const FEWEST = {
  accept: 28,
  "reject/too-long": 2,
  "reject/version": 5,
  "reject/form": 8,
  "reject/key": 2,
  "reject/forged": 15,
  "reject/payload": 58,
  "reject/cannot-emit": 62,
  "reject/expired": 2,
  "reject/not-yet-valid": 1,
  "reject/wrong-browser": 10,
  "values.json": 100,
  "cookie-header.json": 50,
  "set-cookie.json": 60,
  "batches.json": 100,
  "keys.json": 20,
  "frames.json": 3,
  "bindings.json": 50,
  "secrets.json": 268,
};

test("the vectors are in the folders and files that this test knows", () => {
  // Those of mesop/ are of another profile.
  const known = [...Object.keys(FEWEST).map((path) => path.split("/")[0]), "mesop"];
  assert.deepEqual(readdirSync(VECTORS).sort(), [...new Set(known)].sort());
  const folders = Object.keys(FEWEST).filter((path) => path.startsWith("reject/")).map((path) => path.slice(7));
  assert.deepEqual(readdirSync(new URL("reject/", VECTORS)).sort(), folders.sort());
  for (const [path, fewest] of Object.entries(FEWEST)) {
    const count = path.endsWith(".json") ? json(path).cases.length : filesIn(`${path}/`).length;
    assert(count >= fewest, `${path} has ${count}, fewer than ${fewest}`);
  }
});

/** What is asked, and what it must be answered with. */
const cases = [];
const ask = (about, question, answer) => cases.push({ about, question: { id: cases.length, ...question }, answer });
const pick = (from, ...fields) => Object.fromEntries(fields.map((field) => [field, from[field]]));

const OPEN = ["secret", "previous_secrets", "token", "now", "binding_cookie", "binding_required"];

for (const [about, vector] of filesIn("accept/")) {
  const { opened, set_cookie } = vector;
  ask(about, { do: "open", ...pick(vector, ...OPEN) }, { opened, set_cookie });
  // It was sealed under one of the ring's secrets: the one that opens it alone.
  for (const secret of [vector.secret, ...vector.previous_secrets]) {
    ask(about, { do: "seal", secret, ...pick(opened, "seal", "nonce", "scope", "barrier", "then", "operations"),
      iv: vector.iv, now: opened.issued_at, ttl_ms: opened.expires_at - opened.issued_at,
      binding_cookie: opened.bound ? vector.binding_cookie : null }, { tokens: vector.token, of: about });
  }
}
for (const step of readdirSync(new URL("reject/", VECTORS))) {
  for (const [about, vector] of filesIn(`reject/${step}/`)) {
    const question = { do: "open", ...pick(vector, ...OPEN) };
    ask(about, question, { step });
    // A token with a binding needs it also where none is required.
    if (step === "wrong-browser") ask(about, { ...question, binding_required: false }, { boundOnly: true });
  }
}

// Where a batch is refused, the vector has none.
const NOW = 1795000000000;
const NONCE = "bm9uY2Ugb2YgdmVjdG9ycw";

const tables = {
  "values.json": (vector) => {
    const shared = pick(vector, "secret", "name", "protection", "now", "json");
    const refusal = vector.reason && { reason: vector.reason };
    if (vector.text !== undefined) {
      const question = { do: "read-value", ...shared, ...pick(vector, "previous_secrets", "text") };
      ask(vector.comment, question, refusal ?? pick(vector, "value", "expires_at", "under_previous_key"));
    }
    if (!vector.written) return;
    const { value, expires_at = null, iv = null, text } = vector;
    ask(vector.comment, { do: "write-value", ...shared, value, expires_at, iv }, refusal ?? { text });
  },
  "cookie-header.json": (vector) => ask(vector.comment, { do: "cookie", ...pick(vector, "fields", "name") }, { found: vector.found }),
  "set-cookie.json": ({ comment, operation, text = JSON.stringify(operation), plain_http = false, field, set_cookie }) =>
    ask(comment, { do: "set-cookie", text, plain_http }, field ? { field } : { set_cookie }),
  "batches.json": ({ comment, field, payload, plain_http = false, ...vector }) =>
    ask(comment, { do: "batch", plain_http, now: NOW, ttl_ms: 1, nonce: NONCE, ...vector }, field ? { field } : { payload }),
  "keys.json": ({ comment, keys, refused, ...vector }) => ask(comment, { do: "keys", ...vector }, refused ? { refused } : { keys }),
  "frames.json": ({ comment, token, ...frames }) => ask(comment, { do: "frame", token }, frames),
  "bindings.json": ({ comment, binding, set_cookie, why, ...vector }) => ask(comment, { do: "binding", ...vector }, { binding, set_cookie, why }),
  "secrets.json": (vector) => {
    const { refused, entry = null } = vector;
    ask(vector.comment, { do: "secret", ...pick(vector, "form", "text") }, { refused, entry, may: SHOULD.includes(refused) });
  },
};
const SHOULD = ["template", "reference", "placeholder", "guessable"];
for (const [file, each] of Object.entries(tables)) json(file).cases.forEach(each);

/** The answers of a program, in order. */
const answersOf = (program) =>
  execFileSync(process.execPath, [new URL(`../../conformance/${program}`, import.meta.url).pathname], {
    input: cases.map(({ question }) => `${JSON.stringify(question)}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  })
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

for (const program of ["node.js", "web.js"]) {
  test(`${program} answers every vector`, async (t) => {
    const answers = answersOf(program);
    assert.equal(answers.length, cases.length);
    const resealed = new Set();
    for (const [i, { about, question, answer }] of cases.entries()) {
      const { id, ...given } = answers[i];
      assert.equal(id, i);
      if (answer.tokens) {
        if (given.token === answer.tokens) resealed.add(answer.of);
      } else if (answer.boundOnly) {
        assert(given.step === "wrong-browser" || given.opened.bound === false, about);
      } else if (answer.may) {
        assert(given.refused || given.secrets, about);
      } else {
        const { may: _, ...wanted } = answer;
        assert.deepEqual(given, wanted, `${question.do}: ${about} ${JSON.stringify(question.text ?? "")}`);
      }
    }
    assert.equal(resealed.size, filesIn("accept/").length, "some vector is not sealed to the byte");
    const refused = cases.filter(({ answer }, i) => answer.may && answers[i].refused).length;
    t.diagnostic(`${refused} of ${cases.filter(({ answer }) => answer.may).length} secrets that should be refused are`);
  });
}
