// Keys (SPEC §2), and what they do: HMAC, and Fernet in binary form (§6.2).

import { concat, eightBytes, equal, utf8 } from "./bytes.js";
import { BadSecret, Refused } from "./errors.js";
import { MIN_SECRET } from "./limits.js";

/** @typedef {import("./crypto-web.js").Crypto} Crypto */
/** @template T @typedef {import("./steps.js").Steps<T>} Steps */

export const KEY_ID = 4;
export const MAC = 32;
/** Fernet's version, timestamp and IV. */
const FERNET_HEAD = 25;
const BLOCK = 16;

const SALT = utf8("apply-cookies/v1");

/** @typedef {{ mac: any, cipher: any }} FernetKey */

/**
 * The keys of one secret. Those of cookies are derived when they are needed, and kept.
 * @typedef {object} Keys
 * @property {Crypto} crypto
 * @property {Uint8Array} id
 * @property {any} signed
 * @property {FernetKey} encrypted
 * @property {any} binding
 * @property {(algorithm: "hmac-sha256" | "fernet", name: string) => Steps<any>} ofCookie
 */

/** @typedef {Keys[]} Ring the first seals, the others verify */

const ONE = Uint8Array.of(1);

/**
 * HKDF (RFC 5869) for one block or less. Platforms' own take at most 1024 bytes of info, and a
 * cookie's name may be longer.
 * @param {Crypto} crypto
 * @param {string} secret without its line end, as `trimmed` leaves it
 * @param {string} purpose
 * @param {number} length up to 32 bytes
 * @returns {Steps<Uint8Array>}
 */
export function* derive(crypto, secret, purpose, length) {
  const extracted = yield crypto.mac(yield crypto.macKey(SALT), utf8(secret));
  const info = concat(utf8(`apply-cookies/v1/${purpose}`), ONE);
  return (yield crypto.mac(yield crypto.macKey(extracted), info)).slice(0, length);
}

/** A secret without one line end. @param {string} secret */
export const trimmed = (secret) => secret.replace(/\r?\n$/, "");

/** @param {Crypto} crypto @param {Uint8Array} bytes @returns {Steps<FernetKey>} */
function* fernetKey(crypto, bytes) {
  return {
    mac: yield crypto.macKey(bytes.slice(0, BLOCK)),
    cipher: yield crypto.cipherKey(bytes.slice(BLOCK)),
  };
}

/**
 * @param {Crypto} crypto
 * @param {string} text
 * @returns {Steps<Keys>}
 */
function* keysOf(crypto, text) {
  const secret = trimmed(text);
  if (utf8(secret).length < MIN_SECRET) throw new BadSecret("too-short", "the secret", "shorter than 32 bytes");
  /** @type {Map<string, any>} */
  const cookies = new Map();
  return {
    crypto,
    id: yield* derive(crypto, secret, "key-id//", KEY_ID),
    signed: yield crypto.macKey(yield* derive(crypto, secret, "token/hmac-sha256/", 32)),
    encrypted: yield* fernetKey(crypto, yield* derive(crypto, secret, "token/fernet/", 32)),
    binding: yield crypto.macKey(yield* derive(crypto, secret, "binding/hmac-sha256/", 32)),
    *ofCookie(algorithm, name) {
      const purpose = `cookie/${algorithm}/${name}`;
      if (!cookies.has(purpose)) {
        const bytes = yield* derive(crypto, secret, purpose, 32);
        cookies.set(purpose, algorithm === "fernet" ? yield* fernetKey(crypto, bytes) : yield crypto.macKey(bytes));
      }
      return cookies.get(purpose);
    },
  };
}

/**
 * @param {Crypto} crypto
 * @param {string[]} secrets the current one first
 * @returns {Steps<Ring>}
 */
export function* ringOf(crypto, secrets) {
  /** @type {Ring} */
  const ring = [];
  for (const secret of secrets) {
    const keys = yield* keysOf(crypto, secret);
    if (ring.some(({ id }) => equal(id, keys.id))) {
      throw new BadSecret("twice", "the secrets", "two of them have the same key id");
    }
    ring.push(keys);
  }
  return ring;
}

/**
 * The keys that a token or a value names.
 * @param {Ring} ring
 * @param {Uint8Array} bytes
 */
export const keysFor = (ring, bytes) => {
  const id = bytes.subarray(0, KEY_ID);
  return ring.find((keys) => equal(keys.id, id));
};

/**
 * @param {Crypto} crypto
 * @param {FernetKey} key
 * @param {Uint8Array} bytes
 * @param {number} now milliseconds
 * @param {Uint8Array} iv
 * @returns {Steps<Uint8Array>}
 */
export function* fernetSeal(crypto, key, bytes, now, iv) {
  const encrypted = yield crypto.encrypt(key.cipher, iv, bytes);
  const body = concat(FERNET_VERSION, eightBytes(Math.floor(now / 1000)), iv, encrypted);
  return concat(body, yield crypto.mac(key.mac, body));
}

const FERNET_VERSION = Uint8Array.of(0x80);

/**
 * The MAC comes before all else, also before the form of what it covers.
 * @param {Crypto} crypto
 * @param {FernetKey} key
 * @param {Uint8Array} sealed at least a MAC long
 * @returns {Steps<Uint8Array>}
 */
export function* fernetOpen(crypto, key, sealed) {
  const body = yield* macOpen(crypto, key.mac, sealed);
  const blocks = body.length - FERNET_HEAD;
  if (body[0] !== 0x80 || blocks < BLOCK || blocks % BLOCK !== 0) throw new Refused("forged");
  const iv = body.slice(FERNET_HEAD - BLOCK, FERNET_HEAD);
  const bytes = yield crypto.decrypt(key.cipher, iv, body.slice(FERNET_HEAD));
  if (bytes === null) throw new Refused("forged");
  return bytes;
}

/**
 * What stands in front of a MAC, once that is right.
 * @param {Crypto} crypto
 * @param {any} key
 * @param {Uint8Array} sealed at least a MAC long
 * @param {Uint8Array} [before] what the MAC covers as well, in front
 * @returns {Steps<Uint8Array>}
 */
export function* macOpen(crypto, key, sealed, before) {
  const bytes = sealed.slice(0, -MAC);
  const covered = before ? concat(before, bytes) : bytes;
  if (!(yield crypto.isMac(key, covered, sealed.slice(-MAC)))) throw new Refused("forged");
  return bytes;
}
