// Every vector of protocol/vectors, asked of both conformance programs as the page beside them says
// (protocol/conformance/README.md). `apply-cookies conformance` asks the same, and random cases.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const VECTORS = new URL("../../../protocol/vectors/", import.meta.url);

const json = (path) => JSON.parse(readFileSync(new URL(path, VECTORS), "utf8"));
const filesIn = (folder) => readdirSync(new URL(folder, VECTORS)).map((name) => [`${folder}${name}`, json(folder + name)]);

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
    ask(about, { do: "open", ...pick(vector, ...OPEN) }, { step });
  }
}

const tables = {
  "values.json": (vector) => {
    const question = pick(vector, "secret", "previous_secrets", "name", "protection", "now", "text", "json");
    const read = pick(vector, "value", "expires_at", "under_previous_key");
    ask(vector.comment, { do: "read-value", ...question }, vector.reason ? { reason: vector.reason } : read);
    if (!vector.written) return;
    const { previous_secrets: _, text, ...written } = question;
    const { value, expires_at, iv = null } = vector;
    if (vector.protection === "encrypted" && iv === null) return;
    ask(vector.comment, { do: "write-value", ...written, value, expires_at, iv }, { text });
  },
  "cookie-header.json": (vector) => ask(vector.comment, { do: "cookie", ...pick(vector, "fields", "name") }, { found: vector.found }),
  "set-cookie.json": ({ comment, operation, text = JSON.stringify(operation), plain_http = false, field, set_cookie }) =>
    ask(comment, { do: "set-cookie", text, plain_http }, field ? { field } : { set_cookie }),
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
