// The value of one cookie between two requests (SPEC §12): plain, signed or encrypted.

import { bytesOf, concat, eightBytes, fromBase64url, textOf, toBase64url, utf8 } from "./bytes.js";
import { find } from "./cookie-header.js";
import { InvalidOperation, Refused } from "./errors.js";
import { read as readJson } from "./json.js";
import { fernetOpen, fernetSeal, KEY_ID, keysFor, MAC, macOpen } from "./keys.js";
import { MAX_NAME_AND_VALUE, MAX_TIME } from "./limits.js";

/** @typedef {import("./keys.js").Ring} Ring */
/** @template T @typedef {import("./steps.js").Steps<T>} Steps */

/** @typedef {"plain" | "signed" | "encrypted"} Protection */

const PREFIXES = { signed: "cs1.", encrypted: "ce1." };
const TIME = 8;

/** `L(name)`: the name after its length. @param {string} name */
const labelOf = (name) => concat(Uint8Array.of(name.length >> 8, name.length & 255), utf8(name));

/** @param {Uint8Array} bytes 8 of them @returns {number | null} `null` is no end */
const endOf = (bytes) => {
  if (bytes.every((byte) => byte === 255)) return null;
  const end = bytes.reduce((number, byte) => number * 256 + byte, 0);
  if (bytes.length < TIME || end > MAX_TIME) throw new Refused("malformed");
  return end;
};

/** @param {Uint8Array} value @returns {string} */
const writePlain = (value) =>
  Array.from(value, (byte) => {
    const stands = /[\x21\x23\x24\x26-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]/.test(String.fromCharCode(byte));
    return stands ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");

/** @param {string} text each character is a byte @returns {Uint8Array} */
const readPlain = (text) => {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) throw new Refused("malformed");
  return bytesOf(text.replace(/%(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))));
};

/**
 * @param {Ring} ring
 * @param {object} what
 * @param {string} what.name the cookie's, as it is set
 * @param {Protection} what.protection
 * @param {Uint8Array} what.value
 * @param {number | null} what.expiresAt
 * @param {number} what.now
 * @param {Uint8Array} what.iv
 * @returns {Steps<string>}
 */
export function* write([keys], { name, protection, value, expiresAt, now, iv }) {
  const text = yield* writeOnly();
  if (utf8(name).length + text.length > MAX_NAME_AND_VALUE) {
    throw new InvalidOperation("value", "name and value are longer than 4096 bytes");
  }
  return text;

  /** @returns {Steps<string>} */
  function* writeOnly() {
    if (protection === "plain") return writePlain(value);
    const end = eightBytes(expiresAt);
    if (protection === "signed") {
      const mac = yield keys.crypto.mac(yield* keys.ofCookie("hmac-sha256", name), concat(labelOf(name), end, value));
      return PREFIXES.signed + toBase64url(concat(keys.id, end, value, mac));
    }
    const plain = concat(end, labelOf(name), value);
    const key = yield* keys.ofCookie("fernet", name);
    return PREFIXES.encrypted + toBase64url(concat(keys.id, yield* fernetSeal(keys.crypto, key, plain, now, iv)));
  }
}

/**
 * @typedef {object} Value
 * @property {Uint8Array} value
 * @property {number | null} expiresAt
 * @property {boolean} underPreviousKey write it anew, with the same end
 */

/**
 * Steps 2 to 7 of §12.4.
 * @param {Ring} ring
 * @param {object} what
 * @param {string} what.name the cookie's, as it is set
 * @param {Protection} what.protection
 * @param {string} what.text each character is a byte
 * @param {number} what.now
 * @returns {Steps<Value>} throws `Refused` with the reason
 */
export function* read(ring, { name, protection, text, now }) {
  if (utf8(name).length + text.length > MAX_NAME_AND_VALUE) throw new Refused("too-long");
  if (protection === "plain") return { value: readPlain(text), expiresAt: null, underPreviousKey: false };
  const prefix = PREFIXES[protection];
  const bytes = text.startsWith(prefix) ? fromBase64url(text.slice(prefix.length)) : null;
  if (bytes === null || bytes.length < KEY_ID + MAC) throw new Refused("malformed");
  const keys = keysFor(ring, bytes);
  if (!keys) throw new Refused("unknown-key");
  const opened = yield* (protection === "signed" ? openSigned : openEncrypted)(keys, name, bytes.slice(KEY_ID));
  if (opened.expiresAt !== null && now >= opened.expiresAt) throw new Refused("expired");
  return { ...opened, underPreviousKey: keys !== ring[0] };
}

/** @param {import("./keys.js").Keys} keys @param {string} name @param {Uint8Array} sealed */
function* openSigned(keys, name, sealed) {
  const key = yield* keys.ofCookie("hmac-sha256", name);
  const bytes = yield* macOpen(keys.crypto, key, sealed, labelOf(name));
  if (bytes.length < TIME) throw new Refused("malformed");
  return { expiresAt: endOf(bytes.slice(0, TIME)), value: bytes.slice(TIME) };
}

/** @param {import("./keys.js").Keys} keys @param {string} name @param {Uint8Array} sealed */
function* openEncrypted(keys, name, sealed) {
  const bytes = yield* fernetOpen(keys.crypto, yield* keys.ofCookie("fernet", name), sealed);
  const label = labelOf(name);
  const own = bytes.slice(TIME, TIME + label.length);
  if (own.length < label.length || own.some((byte, i) => byte !== label[i])) throw new Refused("malformed");
  return { expiresAt: endOf(bytes.slice(0, TIME)), value: bytes.slice(TIME + label.length) };
}

/**
 * All of §12.4: from the request's fields to text, or to what its JSON says.
 * @param {Ring} ring
 * @param {string[]} fields
 * @param {{ name: string, protection: Protection, json: boolean, now: number }} what
 * @returns {Steps<{ value: any, expiresAt: number | null, underPreviousKey: boolean }>}
 */
export function* readFrom(ring, fields, { name, protection, json, now }) {
  const found = find(fields, name);
  if (typeof found === "string") throw new Refused(found);
  const opened = yield* read(ring, { name, protection, text: found.value, now });
  const text = textOf(opened.value);
  if (text === null) throw new Refused(json ? "not-json" : "malformed");
  return { ...opened, value: json ? readJson(text) : text };
}
