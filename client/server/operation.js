// One operation: the rules of SPEC §4, its JSON (§7), and its `Set-Cookie` line.

import { InvalidOperation } from "./errors.js";
import { MAX_DOMAIN, MAX_MAX_AGE, MAX_NAME_AND_VALUE, MAX_PATH } from "./limits.js";

/**
 * An operation with every field, as it is sealed and set.
 * @typedef {object} Operation
 * @property {"set" | "delete"} op
 * @property {string} name
 * @property {string} value empty in a delete
 * @property {number | null} max_age seconds
 * @property {string | null} path
 * @property {string | null} domain
 * @property {boolean} secure
 * @property {boolean} http_only
 * @property {"Strict" | "Lax" | "None" | null} same_site
 * @property {boolean} partitioned
 */

/** @typedef {[field: string, value: unknown][]} Entries fields in the order in which they are written */

/** A number as JSON writes it: §7 judges its digits. */
export class NumberText {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

// Longer before shorter: `__Host-Http-` begins with `__Host-`.
const PREFIXES = ["__host-http-", "__http-", "__secure-", "__host-"];

/** The prefix of a name in lower case, or nothing. @param {string} name */
const prefixOf = (name) => {
  if (!name.startsWith("__")) return "";
  const lower = name.toLowerCase();
  return PREFIXES.find((prefix) => lower.startsWith(prefix)) ?? "";
};

/** The name on plain http: without its prefix, and those that follow (§4.1). @param {string} name @returns {string} */
export const withoutPrefixes = (name) => {
  const prefix = prefixOf(name);
  return prefix === "" ? name : withoutPrefixes(name.slice(prefix.length));
};

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const OCTETS = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
const PATH = /^\/[\x21-\x3a\x3c-\x7e]*$/;
const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** @param {string} name */
const isReserved = (name) => /^apply-cookies(-|$)/i.test(name.slice(prefixOf(name).length));

/** Byte by byte: `decodeURIComponent` throws at what some server decodes. @param {string} name */
const decoded = (name) =>
  name.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

/** @param {string} domain */
const isDomain = (domain) => {
  const labels = domain.split(".");
  return (
    domain.length <= MAX_DOMAIN &&
    labels.length >= 2 &&
    labels.every((label) => label.length <= 63 && LABEL.test(label)) &&
    !/^[0-9]+$/.test(labels[labels.length - 1])
  );
};

/** @param {unknown} condition @param {string} field @param {string} rule */
const demand = (condition, field, rule) => {
  if (!condition) throw new InvalidOperation(field, rule);
};

/** Rules 1 and 2 of §4, as far as they look at the name alone. @param {string} name */
const checkName = (name) => {
  demand(TOKEN.test(name), "name", "letters, digits and the marks of a token (RFC 9110 §5.6.2)");
  demand(!isReserved(name), "name", "apply-cookies is reserved");
  if (!name.includes("%")) return;
  const plain = decoded(name);
  const hidden = prefixOf(plain) !== prefixOf(name) || isReserved(plain);
  demand(TOKEN.test(plain) && !hidden, "name", "what it decodes to must be allowed too");
};

/**
 * All of §4 that is about one operation.
 * @param {Operation} o
 */
export const check = (o) => {
  demand(o.max_age === null || o.max_age <= MAX_MAX_AGE, "max_age", "at most 400 days");
  checkName(o.name);
  demand(OCTETS.test(o.value), "value", "no blanks, quotes, commas, semicolons, backslashes, controls or non-ASCII");
  const fits = o.name.length + o.value.length <= MAX_NAME_AND_VALUE;
  demand(fits, o.op === "set" ? "value" : "name", "name and value are longer than 4096 bytes");
  demand(o.path === null || (PATH.test(o.path) && o.path.length <= MAX_PATH), "path", "starts with /, up to 1024 visible ASCII characters but ;");
  demand(o.domain === null || isDomain(o.domain), "domain", "two or more labels of small letters, digits and inner hyphens");
  const prefix = prefixOf(o.name);
  demand(o.secure || prefix === "", "secure", "the name's prefix requires it");
  demand(o.secure || (o.same_site !== "None" && !o.partitioned), "secure", "SameSite=None and Partitioned require it");
  const oneHost = prefix.startsWith("__host-");
  demand(!oneHost || o.domain === null, "domain", "the name's prefix allows none");
  demand(!oneHost || o.path === "/", "path", "the name's prefix requires /");
  demand(!prefix.endsWith("http-") || o.http_only, "http_only", "the name's prefix requires it");
};

/** @type {Record<string, (value: any) => boolean>} */
const TYPES = {
  op: (value) => value === "set" || value === "delete",
  name: (value) => typeof value === "string",
  value: (value) => typeof value === "string",
  max_age: (value) => value === null || wholeNumber(value) !== null,
  path: (value) => value === null || typeof value === "string",
  domain: (value) => value === null || typeof value === "string",
  secure: (value) => value === null || typeof value === "boolean",
  http_only: (value) => value === null || typeof value === "boolean",
  same_site: (value) => value === null || value === "Strict" || value === "Lax" || value === "None",
  partitioned: (value) => value === null || typeof value === "boolean",
};

/** What a field is, where its name does not say so. @type {Record<string, string>} */
const KINDS = { op: '"set" or "delete"', max_age: "a whole number of seconds", secure: "true or false", http_only: "true or false", same_site: '"Strict", "Lax" or "None"', partitioned: "true or false" };

const NOT_IN_A_DELETE = ["value", "max_age", "http_only", "same_site"];

/**
 * Digits alone, of 64 bits or fewer.
 * @param {unknown} value
 * @returns {number | null}
 */
const wholeNumber = (value) => {
  if (typeof value === "number") return Number.isInteger(value) && value >= 0 && value < 2 ** 64 ? value : null;
  if (!(value instanceof NumberText) || !/^[0-9]{1,20}$/.test(value.text)) return null;
  return BigInt(value.text) < 2n ** 64n ? Number(value.text) : null;
};

/**
 * An operation of §7, checked, with its defaults (§4.1: those of pages on https or on plain http).
 * @param {Entries} entries
 * @param {boolean} plainHttp
 * @returns {Operation}
 */
export const fromEntries = (entries, plainHttp) => {
  /** @type {Record<string, any>} */
  const given = Object.create(null);
  for (const [field, value] of entries) {
    demand(Object.hasOwn(TYPES, field), field, "unknown field");
    demand(!(field in given), field, "stands twice");
    demand(TYPES[field](value), field, `must be ${KINDS[field] ?? "a string"}`);
    given[field] = value;
  }
  demand("op" in given, "op", "missing");
  demand("name" in given, "name", "missing");
  const isSet = given.op === "set";
  demand(!isSet || "value" in given, "value", "missing");
  if (!isSet) for (const field of NOT_IN_A_DELETE) demand(!(field in given), field, "a delete has none");
  /** @type {Operation} */
  const operation = {
    op: given.op,
    name: given.name,
    value: given.value ?? "",
    max_age: wholeNumber(given.max_age),
    path: given.path === undefined ? "/" : given.path,
    domain: given.domain ?? null,
    secure: given.secure === undefined || given.secure === true,
    http_only: !isSet || given.http_only === undefined || given.http_only === true,
    same_site: !isSet ? null : given.same_site === undefined ? "Lax" : given.same_site,
    partitioned: given.partitioned ?? false,
  };
  check(operation);
  return plainHttp ? onPlainHttp(operation, given.secure === true) : operation;
};

/**
 * @param {Operation} operation
 * @param {boolean} secure whether it says so
 * @returns {Operation}
 */
const onPlainHttp = (operation, secure) => {
  demand(operation.same_site !== "None", "same_site", "None needs https");
  demand(!operation.partitioned, "partitioned", "needs https");
  const name = withoutPrefixes(operation.name);
  if (name !== operation.name) checkName(name);
  return { ...operation, name, secure };
};

/**
 * An operation that an app wrote as an object.
 * @param {unknown} operation
 * @param {boolean} plainHttp
 * @returns {Operation}
 */
export const fromObject = (operation, plainHttp) => {
  const isObject = typeof operation === "object" && operation !== null && !Array.isArray(operation);
  demand(isObject, "operation", "not an object");
  // `undefined` is how JavaScript leaves a field out.
  const entries = Object.entries(/** @type {object} */ (operation)).filter(([, value]) => value !== undefined);
  return fromEntries(entries, plainHttp);
};

/** What makes two operations be on the same cookie (rule 8 of §4). @param {Operation} o */
export const placeOf = (o) => JSON.stringify([o.name, o.domain, o.path, o.partitioned]);

/** The value of the `Set-Cookie` field. @param {Operation} o @returns {string} */
export const lineOf = (o) => {
  let line = `${o.name}=${o.value}`;
  if (o.path !== null) line += `; Path=${o.path}`;
  if (o.domain !== null) line += `; Domain=${o.domain}`;
  if (o.op === "delete") line += "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
  else if (o.max_age !== null) line += `; Max-Age=${o.max_age}`;
  if (o.secure) line += "; Secure";
  if (o.http_only) line += "; HttpOnly";
  if (o.same_site !== null) line += `; SameSite=${o.same_site}`;
  return o.partitioned ? `${line}; Partitioned` : line;
};
