// Cookie values, the Cookie field and single operations by protocol/SPEC.md §12, §13 and §7, from
// the specification alone, as open-token.mjs does for tokens.

import {
  checkOperation,
  decodeBase64url,
  demand,
  deriver,
  hmac,
  lineOf,
  openFernet,
  Refused,
  sameBytes,
  withoutPrefix,
} from "./open-token.mjs";

const MAX_NAME_AND_VALUE = 4096;
const MAX_TIME = 253402300799999n;
const NO_END = 0xffffffffffffffffn;
const MAX_DEPTH = 8;
const KEY_ID = 4;
const TAG = 32;
const END = 8;

// ---- Values (§12) ----

const lengthAndName = (name) => {
  const bytes = Buffer.from(name, "utf8");
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};

// Latin-1: each character is the byte of its number.
const bytesOf = (text) => Buffer.from(text, "latin1");

const readPlain = (text) => {
  demand(!/%(?![0-9A-Fa-f]{2})/.test(text), "malformed", "percent sign");
  return bytesOf(
    text.replace(/%(..)/gs, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
  );
};

const SEALED = {
  signed: { prefix: "cs1.", algorithm: "hmac-sha256" },
  encrypted: { prefix: "ce1.", algorithm: "fernet" },
};

const readSealed = ({ name, protection, secret, previous_secrets: previous, text }) => {
  const { prefix, algorithm } = SEALED[protection];
  demand(text.startsWith(prefix), "malformed", "prefix");
  const bytes = decodeBase64url(text.slice(prefix.length));
  demand(bytes !== null && bytes.length >= KEY_ID + TAG, "malformed", "base64url or length");
  const [id, sealed] = [bytes.subarray(0, KEY_ID), bytes.subarray(KEY_ID)];
  const derivers = [secret, ...previous].map(deriver);
  const index = derivers.findIndex((derive) => derive("key-id//", KEY_ID).equals(id));
  demand(index >= 0, "unknown-key", "key id");
  const key = derivers[index](`cookie/${algorithm}/${name}`, 32);
  const named = lengthAndName(name);
  if (protection === "signed") {
    const body = sealed.subarray(0, -TAG);
    const tag = hmac(key, Buffer.concat([named, body]));
    demand(sameBytes(tag, sealed.subarray(-TAG)), "forged", "MAC");
    return { index, body };
  }
  const plaintext = openFernet(key, sealed);
  const value = plaintext.subarray(END + named.length);
  demand(plaintext.length >= END + named.length, "malformed", "cut off");
  demand(plaintext.subarray(END, END + named.length).equals(named), "malformed", "name");
  return { index, body: Buffer.concat([plaintext.subarray(0, END), value]) };
};

/** The content of a case of values.json, or `Refused`. `text` is the value, one character a byte. */
export const readValue = (vector) => {
  const { name, protection, now, text } = vector;
  demand(name.length + text.length <= MAX_NAME_AND_VALUE, "too-long", "name and value");
  if (protection === "plain") return { value: readPlain(text), expiresAt: null, index: 0 };
  const { index, body } = readSealed(vector);
  demand(body.length >= END, "malformed", "end");
  const end = body.readBigUInt64BE(0);
  demand(end === NO_END || end <= MAX_TIME, "malformed", "end");
  demand(end === NO_END || BigInt(now) < end, "expired", "end");
  const expiresAt = end === NO_END ? null : Number(end);
  return { value: body.subarray(END), expiresAt, index };
};

/** The plain text of a value (§12.1). */
export const writePlain = (bytes) =>
  [...bytes]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      if (/[\x21\x23-\x24\x26-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]/.test(char)) return char;
      return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");

// ---- JSON (§12.4, step 8) ----

const TOKENS =
  /[ \t\n\r]*(?:([[\]{},:])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y;

/** Refuses anything but JSON that all readers read alike. */
export const checkJson = (bytes) => {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refused("not-json", "not UTF-8");
  }
  let at = 0;
  const next = () => {
    TOKENS.lastIndex = at;
    const match = TOKENS.exec(text);
    demand(match !== null, "not-json", `at ${at}`);
    at = TOKENS.lastIndex;
    const [, mark, string, number] = match;
    if (number !== undefined) demand(Number.isFinite(Number(number)), "not-json", "range");
    if (string === undefined) return { mark };
    const value = JSON.parse(string);
    demand(value.isWellFormed(), "not-json", "surrogate");
    return { string: value };
  };
  const peek = () => {
    const here = at;
    const token = next();
    at = here;
    return token;
  };
  const expect = (mark) => demand(next().mark === mark, "not-json", `no ${mark} before ${at}`);
  const value = (depth) => {
    const { mark } = next();
    if (mark === undefined) return;
    demand(mark === "[" || mark === "{", "not-json", mark);
    demand(depth < MAX_DEPTH, "too-deep", `at ${at}`);
    const close = mark === "[" ? "]" : "}";
    const keys = [];
    if (peek().mark === close) return expect(close);
    for (;;) {
      if (mark === "{") {
        const { string } = next();
        demand(string !== undefined, "not-json", "key");
        keys.push(string);
        expect(":");
      }
      value(depth + 1);
      const { mark: separator } = next();
      if (separator === close) break;
      demand(separator === ",", "not-json", separator);
    }
    demand(new Set(keys).size === keys.length, "duplicate-key", `before ${at}`);
  };
  value(0);
  demand(/^[ \t\n\r]*$/.test(text.slice(at)), "not-json", "text after it");
};

// ---- The Cookie field (§13) ----

export const findCookie = (fields, name) => {
  const values = fields
    .flatMap((field) => field.split(";"))
    .map((pair) => pair.replace(/^[ \t]+/, ""))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1).replace(/^[ \t]+|[ \t]+$/g, ""));
  if (values.length === 0) return "absent";
  return values.length > 1 ? "duplicate" : { value: values[0] };
};

// ---- One operation (§7, §4, §4.1) ----

const isText = (value) => typeof value === "string";
const isFlag = (value) => typeof value === "boolean";
const SHARED = { path: isText, domain: isText, secure: isFlag, partitioned: isFlag };
const FIELDS = {
  delete: SHARED,
  set: {
    ...SHARED,
    max_age: (value) => Number.isInteger(value) && value >= 0,
    http_only: isFlag,
    same_site: (value) => ["Strict", "Lax", "None"].includes(value),
  },
};
const DEFAULTS = { path: "/", domain: null, secure: true, partitioned: false };
const SET_DEFAULTS = { max_age: null, http_only: true, same_site: "Lax" };

/** The line of an operation in JSON, or `Refused`. */
export const lineOfJson = (json, plainHttp = false) => {
  const must = (condition, detail) => demand(condition, "operation", detail);
  must(json !== null && typeof json === "object" && !Array.isArray(json), "no object");
  const { op, name, value, ...rest } = json;
  must(Object.hasOwn(FIELDS, op), "op");
  must(isText(name), "name");
  must(op === "set" ? isText(value) : !Object.hasOwn(json, "value"), "value");
  for (const [field, given] of Object.entries(rest)) {
    must(Object.hasOwn(FIELDS[op], field), `unknown ${field}`);
    must(given === null || FIELDS[op][field](given), field);
  }
  const operation = { ...DEFAULTS, ...(op === "set" ? SET_DEFAULTS : {}), ...json };
  checkOperation(operation);
  if (plainHttp) {
    must(operation.same_site !== "None" && !operation.partitioned, "needs https");
    operation.secure = json.secure ?? false;
    operation.name = withoutPrefix(name);
    checkOperation(operation);
  }
  return lineOf(operation);
};
