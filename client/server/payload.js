// The payload of a token (SPEC §5): numbers first, then all texts. Encode beside decode.

import { bytesOf, textOf } from "./bytes.js";
import { Refused } from "./errors.js";
import { MAX_LIFETIME, MAX_OPERATIONS, MAX_PATH, MAX_TIME } from "./limits.js";

/** @typedef {import("./operation.js").Operation} Operation */

/** What the page does after the token: §5.2. @typedef {"reconnect" | "reload" | { go: string }} Then */

/**
 * @typedef {object} Payload
 * @property {boolean} barrier
 * @property {Uint8Array} nonce 16 bytes
 * @property {number} issuedAt milliseconds since 1970
 * @property {number} expiresAt
 * @property {Uint8Array | null} scope 16 bytes
 * @property {Uint8Array | null} binding 16 bytes
 * @property {Then | null} then
 * @property {Operation[]} operations
 */

const BARRIER = 1;
const SCOPE = 2;
const BINDING = 4;
const ACTION = 8;

const RECONNECT = 1;
const RELOAD = 2;
const GO = 3;

const DELETE = 1;
const SECURE = 2;
const HTTP_ONLY = 4;
const SAME_SITE_SHIFT = 3;
const MAX_AGE = 32;
const ELSEWHERE = 64;
const PARTITIONED = 128;

/** @type {Operation["same_site"][]} */
const SAME_SITE = [null, "Strict", "Lax", "None"];

/** @param {number[]} out @param {number} number */
const putVarint = (out, number) => {
  let rest = number;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  out.push(rest);
};

/** @param {number[]} out @param {number} number @param {number} length */
const putNumber = (out, number, length) => {
  for (let i = length - 1; i >= 0; i--) out.push(Math.floor(number / 256 ** i) % 256);
};

/** A path that §5.2 allows. @param {string} path */
export const mayGo = (path) =>
  path.length <= MAX_PATH && /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(path) && !/%2f|%5c/i.test(path);

/**
 * @param {Payload} payload whose parts are checked
 * @returns {Uint8Array}
 */
export const encode = ({ barrier, nonce, issuedAt, expiresAt, scope, binding, then, operations }) => {
  /** @type {number[]} */
  const out = [];
  let texts = "";
  const flags = (barrier ? BARRIER : 0) | (scope ? SCOPE : 0) | (binding ? BINDING : 0) | (then ? ACTION : 0);
  out.push(flags, ...nonce);
  putNumber(out, issuedAt, 6);
  putNumber(out, expiresAt - issuedAt, 4);
  if (scope) out.push(...scope);
  if (binding) out.push(...binding);
  if (then === "reconnect") out.push(RECONNECT);
  else if (then === "reload") out.push(RELOAD);
  else if (then) {
    out.push(GO);
    putVarint(out, then.go.length);
    texts += then.go;
  }
  out.push(operations.length);
  for (const o of operations) {
    const elsewhere = o.path !== "/" || o.domain !== null;
    putVarint(
      out,
      (o.op === "delete" ? DELETE : 0) |
        (o.secure ? SECURE : 0) |
        (o.op === "set" && o.http_only ? HTTP_ONLY : 0) |
        (SAME_SITE.indexOf(o.same_site) << SAME_SITE_SHIFT) |
        (o.max_age !== null ? MAX_AGE : 0) |
        (elsewhere ? ELSEWHERE : 0) |
        (o.partitioned ? PARTITIONED : 0),
    );
    putVarint(out, o.name.length);
    if (o.op === "set") putVarint(out, o.value.length);
    texts += o.name + o.value;
    if (elsewhere) {
      putVarint(out, o.path?.length ?? 0);
      putVarint(out, o.domain?.length ?? 0);
      texts += (o.path ?? "") + (o.domain ?? "");
    }
    if (o.max_age !== null) putVarint(out, o.max_age);
  }
  const bytes = new Uint8Array(out.length + texts.length);
  bytes.set(out);
  // Every text is ASCII by the rules of §4.
  bytes.set(bytesOf(texts), out.length);
  return bytes;
};

/** @param {unknown} condition @returns {asserts condition} */
function demand(condition) {
  if (!condition) throw new Refused("payload");
}

class Reader {
  #bytes;
  #at = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  /** @param {number} length */
  bytes(length) {
    demand(length <= this.#bytes.length - this.#at);
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  /** @param {number} length */
  number(length) {
    return this.bytes(length).reduce((number, byte) => number * 256 + byte, 0);
  }

  varint() {
    let number = 0;
    for (const shift of [0, 7, 14, 21]) {
      const byte = this.number(1);
      number |= (byte & 127) << shift;
      if (byte > 127) continue;
      demand(byte !== 0 || shift === 0);
      return number;
    }
    throw new Refused("payload");
  }

  /** @param {number} length */
  text(length) {
    const text = textOf(this.bytes(length));
    demand(text !== null);
    return text;
  }

  end() {
    demand(this.#at === this.#bytes.length);
  }
}

/**
 * Reads an action's numbers, and gives what reads its text.
 * @param {Reader} reader
 * @returns {() => Then}
 */
const readAction = (reader) => {
  const kind = reader.number(1);
  if (kind === RECONNECT) return () => "reconnect";
  if (kind === RELOAD) return () => "reload";
  demand(kind === GO);
  const length = reader.varint();
  return () => {
    const go = reader.text(length);
    demand(mayGo(go));
    return { go };
  };
};

/**
 * Reads an operation's numbers, and gives what reads its texts.
 * @param {Reader} reader
 * @returns {() => Operation}
 */
const readOperation = (reader) => {
  const flags = reader.varint();
  const isSet = (flags & DELETE) === 0;
  demand((flags & ~(isSet ? 0b1111_1110 : 0b1100_0011)) === 0);
  const name = reader.varint();
  const value = isSet ? reader.varint() : 0;
  const elsewhere = (flags & ELSEWHERE) !== 0;
  const path = elsewhere ? reader.varint() : 0;
  const domain = elsewhere ? reader.varint() : 0;
  const max_age = flags & MAX_AGE ? reader.varint() : null;
  return () => {
    /** @type {Operation} */
    const operation = {
      op: isSet ? "set" : "delete",
      name: reader.text(name),
      value: reader.text(value),
      max_age,
      path: elsewhere ? reader.text(path) || null : "/",
      domain: reader.text(domain) || null,
      secure: (flags & SECURE) !== 0,
      http_only: !isSet || (flags & HTTP_ONLY) !== 0,
      same_site: SAME_SITE[(flags >> SAME_SITE_SHIFT) & 3],
      partitioned: (flags & PARTITIONED) !== 0,
    };
    demand(!elsewhere || operation.path !== "/" || operation.domain !== null);
    return operation;
  };
};

/**
 * @param {Uint8Array} bytes authentic ones
 * @returns {Payload}
 */
export const decode = (bytes) => {
  const reader = new Reader(bytes);
  const flags = reader.number(1);
  demand(flags < 16);
  const nonce = reader.bytes(16);
  const issuedAt = reader.number(6);
  const lifetime = reader.number(4);
  demand(lifetime >= 1 && lifetime <= MAX_LIFETIME && issuedAt + lifetime <= MAX_TIME);
  const scope = flags & SCOPE ? reader.bytes(16) : null;
  const binding = flags & BINDING ? reader.bytes(16) : null;
  const action = flags & ACTION ? readAction(reader) : () => null;
  const count = reader.number(1);
  demand(count >= 1 && count <= MAX_OPERATIONS);
  const texts = Array.from({ length: count }, () => readOperation(reader));
  const then = action();
  const operations = texts.map((read) => read());
  reader.end();
  return {
    barrier: (flags & BARRIER) !== 0,
    nonce,
    issuedAt,
    expiresAt: issuedAt + lifetime,
    scope,
    binding,
    then,
    operations,
  };
};
