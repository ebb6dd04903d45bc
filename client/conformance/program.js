// The conformance program (protocol/conformance/README.md): answers lines of JSON by this package's
// codec. `node conformance/node.js` uses node:crypto, `node conformance/web.js` WebCrypto.

import { checkBatch } from "../server/batch.js";
import { fromBase64url, textOf, toBase64url, utf8 } from "../server/bytes.js";
import { find } from "../server/cookie-header.js";
import { BadSecret, InvalidOperation, Refused } from "../server/errors.js";
import { toHtml, toSse, toWebSocket } from "../server/frames.js";
import { JsonObject, parse, read as readJson } from "../server/json.js";
import { derive, ringOf, trimmed } from "../server/keys.js";
import { MAX_LIFETIME } from "../server/limits.js";
import { fromEntries, fromObject, lineOf } from "../server/operation.js";
import { encode, mayGo } from "../server/payload.js";
import { bind } from "../server/policy.js";
import { readCommas, readLines, readOne } from "../server/secrets.js";
import { later } from "../server/steps.js";
import { bindingOf, open, seal } from "../server/token.js";
import { read, write } from "../server/values.js";

/** @typedef {import("../server/crypto-web.js").Crypto} Crypto */

const VERSION = "0.1.0";

/** A fault of the question itself: the answer names a field. @param {boolean} condition @param {string} field */
const demand = (condition, field) => {
  if (!condition) throw new InvalidOperation(field, "out of bounds");
};

/** @param {string | null} text @returns {any} */
const bytes = (text) => (text === null ? null : fromBase64url(text));

/** @param {Uint8Array | null} some */
const text64 = (some) => some && toBase64url(some);

/** A text of bytes. @param {string} text */
const latin1 = (text) => Buffer.from(text, "utf8").toString("latin1");

/** @param {any} operation as the vectors have it: a delete has fewer fields */
const written = ({ op, name, value, max_age, path, domain, secure, http_only, same_site, partitioned }) => {
  const shared = { op, name, path, domain, secure, partitioned };
  return op === "delete" ? shared : { ...shared, value, max_age, http_only, same_site };
};

/** @param {string} text @param {string} whole what to name where it is not JSON @returns {unknown} */
const parsed = (text, whole) => {
  try {
    return parse(text);
  } catch (error) {
    throw error instanceof Refused ? new InvalidOperation(whole, "not JSON") : error;
  }
};

/** @param {unknown} json @param {boolean} plainHttp */
const operationOf = (json, plainHttp) => {
  if (!(json instanceof JsonObject)) throw new InvalidOperation("operation", "not an object");
  return fromEntries(json.entries, plainHttp);
};

/** @param {string} text @param {boolean} plainHttp */
const batchOf = (text, plainHttp) => {
  const json = parsed(text, "batch");
  demand(json instanceof JsonObject, "operations");
  const { entries } = /** @type {JsonObject} */ (json);
  /** @type {unknown[] | null} */
  let items = null;
  for (const [field, value] of entries) {
    demand(field === "operations" && items === null, field);
    demand(Array.isArray(value), "operations");
    items = /** @type {unknown[]} */ (value);
    for (const item of items) {
      demand(item instanceof JsonObject, "operations");
      operationOf(item, false);
    }
  }
  demand(items !== null, "operations");
  // What only plain http forbids comes behind the faults of the whole (§7 leaves the order open).
  const operations = (items ?? []).map((item) => operationOf(item, plainHttp));
  checkBatch(operations);
  return operations;
};

/** @type {Record<string, (text: string, where: string) => string | string[]>} */
const FORMS = { one: readOne, commas: readCommas, lines: readLines };

/**
 * Each answers a question, without its `id`.
 * @param {Crypto} crypto
 * @param {string} name
 * @returns {Record<string, (asked: any) => Promise<object> | object>}
 */
const answers = (crypto, name) => {
  /** @param {any} asked */
  const ring = ({ secret, previous_secrets = [] }) => later(ringOf(crypto, [secret, ...previous_secrets]));

  return {
    hello() {
      return { name, version: VERSION, can: Object.keys(this).filter((one) => one !== "hello") };
    },

    async seal(asked) {
      const [keys] = await ring(asked);
      const operations = asked.operations.map((/** @type {unknown} */ one) => fromObject(one, false));
      checkBatch(operations);
      demand(asked.ttl_ms >= 1 && asked.ttl_ms <= MAX_LIFETIME, "ttl_ms");
      demand(asked.then?.go === undefined || mayGo(asked.then.go), "then");
      const payload = {
        barrier: asked.barrier,
        nonce: bytes(asked.nonce),
        issuedAt: asked.now,
        expiresAt: asked.now + asked.ttl_ms,
        scope: bytes(asked.scope),
        binding: await later(bindingOf(keys, asked.binding_cookie)),
        then: asked.then,
        operations,
      };
      return { token: await later(seal(keys, payload, asked.seal, bytes(asked.iv))) };
    },

    async open(asked) {
      const request = { now: asked.now, bindingCookie: asked.binding_cookie, bindingRequired: asked.binding_required };
      const opened = await later(open(await ring(asked), asked.token, request));
      return {
        opened: {
          seal: opened.seal,
          nonce: text64(opened.nonce),
          issued_at: opened.issuedAt,
          expires_at: opened.expiresAt,
          barrier: opened.barrier,
          scope: text64(opened.scope),
          bound: opened.binding !== null,
          then: opened.then,
          operations: opened.operations.map(written),
        },
        set_cookie: opened.setCookie,
      };
    },

    async "write-value"(asked) {
      const keys = await ring(asked);
      const { name, protection, now, expires_at: expiresAt } = asked;
      const value = utf8(asked.value);
      let text;
      try {
        text = await later(write(keys, { name, protection, value, expiresAt, now, iv: bytes(asked.iv) }));
      } catch (error) {
        throw error instanceof InvalidOperation ? new Refused("too-long") : error;
      }
      if (expiresAt !== null && now >= expiresAt) throw new Refused("expired");
      if (asked.json) readJson(asked.value);
      return { text };
    },

    async "read-value"(asked) {
      const { name, protection, now } = asked;
      const opened = await later(read(await ring(asked), { name, protection, now, text: latin1(asked.text) }));
      const value = textOf(opened.value);
      if (value === null) throw new Refused(asked.json ? "not-json" : "malformed");
      if (asked.json) readJson(value);
      return { value, expires_at: opened.expiresAt, under_previous_key: opened.underPreviousKey };
    },

    cookie: ({ fields, name }) => ({ found: find(fields, name) }),

    "set-cookie": ({ text, plain_http }) => ({
      set_cookie: lineOf(operationOf(parsed(text, "operation"), plain_http)),
    }),

    batch({ text, plain_http, now, ttl_ms, nonce }) {
      const rest = { barrier: false, scope: null, binding: null, then: null };
      const operations = batchOf(text, plain_http);
      const payload = encode({ ...rest, operations, nonce: bytes(nonce), issuedAt: now, expiresAt: now + ttl_ms });
      return { payload: toBase64url(payload) };
    },

    async keys(asked) {
      await ring(asked);
      const secret = trimmed(asked.secret);
      /** @type {Record<string, string>} */
      const keys = {};
      for (const [purpose, length] of /** @type {[string, number][]} */ ([
        ["key-id//", 4],
        ["token/hmac-sha256/", 32],
        ["token/fernet/", 32],
        ["binding/hmac-sha256/", 32],
        [`cookie/hmac-sha256/${asked.name}`, 32],
        [`cookie/fernet/${asked.name}`, 32],
      ])) {
        keys[purpose] = toBase64url(await later(derive(crypto, secret, purpose, length)));
      }
      return { keys };
    },

    frame: ({ token }) => ({ sse: toSse(token), websocket: toWebSocket(token), html: toHtml(token) }),

    binding({ method, cookie, origin, sec_fetch_site, sec_fetch_mode, sec_fetch_dest, origins, fresh }) {
      const asked = { method, cookie, origin, site: sec_fetch_site, mode: sec_fetch_mode, dest: sec_fetch_dest, ahead: false };
      return bind(asked, origins, () => fresh);
    },

    secret({ form, text }) {
      return { secrets: [FORMS[form](text, "")].flat() };
    },
  };
};

/** @param {string} question @param {unknown} error @returns {object} */
const refusal = (question, error) => {
  if (error instanceof InvalidOperation) return { field: error.field };
  if (error instanceof BadSecret) {
    if (question === "keys") return { refused: error.rule === "twice" ? "same-key-id" : error.rule };
    const entry = /(?:entry|line) ([0-9]+)/.exec(error.message);
    return { refused: error.rule, entry: entry && Number(entry[1]) };
  }
  if (error instanceof Refused) return question === "open" ? { step: error.step } : { reason: error.step };
  return { error: String(error) };
};

/** By `\n` alone: `node:readline` also ends a line at U+2028, which a text may have. @param {AsyncIterable<string>} input */
async function* lines(input) {
  let rest = "";
  for await (const chunk of input) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

/**
 * Answers standard input until it ends.
 * @param {Crypto} crypto
 * @param {string} name
 */
export const run = async (crypto, name) => {
  const all = answers(crypto, name);
  for await (const line of lines(process.stdin.setEncoding("utf8"))) {
    const asked = JSON.parse(line);
    let answer;
    try {
      answer = await all[asked.do](asked);
    } catch (error) {
      answer = refusal(asked.do, error);
    }
    process.stdout.write(`${JSON.stringify({ id: asked.id, ...answer })}\n`);
  }
};
