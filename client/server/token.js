// Tokens (SPEC §6): sealed, and opened up to the claim, which needs a store.

import { checkBatch } from "./batch.js";
import { concat, fromBase64url, toBase64url, utf8 } from "./bytes.js";
import { InvalidOperation, Refused } from "./errors.js";
import { fernetOpen, fernetSeal, KEY_ID, keysFor, MAC, macOpen } from "./keys.js";
import { MAX_TOKEN, SKEW } from "./limits.js";
import { check, lineOf } from "./operation.js";
import { decode, encode } from "./payload.js";

/** @typedef {import("./keys.js").Keys} Keys */
/** @typedef {import("./keys.js").Ring} Ring */
/** @typedef {import("./payload.js").Payload} Payload */
/** @template T @typedef {import("./steps.js").Steps<T>} Steps */

/** @typedef {"encrypted" | "signed"} Seal */

const BINDING_COOKIE = 32;
const BINDING = 16;

/** The value of a binding cookie as bytes. @param {string | null} cookie @returns {Uint8Array | null} */
const bindingBytes = (cookie) => {
  const bytes = cookie === null ? null : fromBase64url(cookie);
  return bytes?.length === BINDING_COOKIE ? bytes : null;
};

/** @param {string | null} cookie */
export const isBinding = (cookie) => bindingBytes(cookie) !== null;

/**
 * What a token has of the browser's cookie (§6.4); nothing where that has no such form.
 * @param {Keys} keys
 * @param {string | null} cookie
 * @returns {Steps<Uint8Array | null>}
 */
export function* bindingOf(keys, cookie) {
  const bytes = bindingBytes(cookie);
  return bytes && (yield keys.crypto.mac(keys.binding, bytes)).slice(0, BINDING);
}

/**
 * @param {Keys} keys
 * @param {Payload} payload whose operations and times are checked
 * @param {Seal} seal
 * @param {Uint8Array} iv
 * @returns {Steps<string>}
 */
export function* seal(keys, payload, seal, iv) {
  const bytes = encode(payload);
  const sealed =
    seal === "encrypted"
      ? yield* fernetSeal(keys.crypto, keys.encrypted, bytes, payload.issuedAt, iv)
      : concat(bytes, yield keys.crypto.mac(keys.signed, bytes));
  return (seal === "encrypted" ? "e1." : "s1.") + toBase64url(concat(keys.id, sealed));
}

/**
 * @typedef {Payload & { seal: Seal, setCookie: string[] }} Opened
 */

/**
 * The order of checks is that of §6.5.
 * @param {Ring} ring
 * @param {string} text
 * @param {{ now: number, bindingCookie: string | null, bindingRequired: boolean }} request
 * @returns {Steps<Opened>} throws `Refused` with the name of the folder of vectors
 */
export function* open(ring, text, { now, bindingCookie, bindingRequired }) {
  if (text.length > MAX_TOKEN || utf8(text).length > MAX_TOKEN) throw new Refused("too-long");
  const isEncrypted = text.startsWith("e1.");
  if (!isEncrypted && !text.startsWith("s1.")) throw new Refused("version");
  const bytes = fromBase64url(text.slice(3));
  if (bytes === null || bytes.length < KEY_ID + MAC) throw new Refused("form");
  const keys = keysFor(ring, bytes);
  if (!keys) throw new Refused("key");
  const sealed = bytes.slice(KEY_ID);
  const payload = decode(
    isEncrypted
      ? yield* fernetOpen(keys.crypto, keys.encrypted, sealed)
      : yield* macOpen(keys.crypto, keys.signed, sealed),
  );
  if (now >= payload.expiresAt) throw new Refused("expired");
  if (payload.issuedAt > now + SKEW) throw new Refused("not-yet-valid");
  if (payload.binding || bindingRequired) yield* checkBinding(keys, payload.binding, bindingCookie);
  return { ...payload, seal: isEncrypted ? "encrypted" : "signed", setCookie: linesOf(payload.operations) };
}

/**
 * @param {Keys} keys
 * @param {Uint8Array | null} binding the token's
 * @param {string | null} cookie the browser's
 * @returns {Steps<void>}
 */
function* checkBinding(keys, binding, cookie) {
  const own = binding && (yield* bindingOf(keys, cookie));
  // Both are MACs of the same key: their comparison says nothing that helps to make one, and the
  // whole MAC was compared in constant time. Still, no early end here either.
  const differs = !own || own.reduce((sum, byte, i) => sum | (byte ^ binding[i]), 0) !== 0;
  if (differs) throw new Refused("wrong-browser");
}

/** @param {Payload["operations"]} operations @returns {string[]} */
const linesOf = (operations) => {
  try {
    operations.forEach(check);
    checkBatch(operations);
  } catch (error) {
    throw error instanceof InvalidOperation ? new Refused("cannot-emit") : error;
  }
  return operations.map(lineOf);
};

const RECEIPT = utf8("apply-cookies/v1/receipt");

/** A receipt's id: 22 characters, from which nobody gets a token. @param {Keys} keys @param {Uint8Array} nonce @returns {Steps<string>} */
export function* receiptOf(keys, nonce) {
  return toBase64url((yield keys.crypto.sha256(concat(RECEIPT, nonce))).slice(0, 16));
}

