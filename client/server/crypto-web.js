// The primitives by WebCrypto: the same, with promises. Browsers' kin at the edge have nothing else.

/**
 * Keys are whatever the implementation takes. `isMac` compares in constant time; `decrypt` gives
 * `null` where the padding is wrong. AES-128 in CBC mode with PKCS #7, HMAC with SHA-256.
 * @typedef {object} Crypto
 * @property {(length: number) => Uint8Array} random
 * @property {(bytes: Uint8Array) => any} sha256
 * @property {(bytes: Uint8Array) => any} macKey
 * @property {(key: any, bytes: Uint8Array) => any} mac
 * @property {(key: any, bytes: Uint8Array, mac: Uint8Array) => any} isMac
 * @property {(bytes: Uint8Array) => any} cipherKey
 * @property {(key: any, iv: Uint8Array, bytes: Uint8Array) => any} encrypt
 * @property {(key: any, iv: Uint8Array, bytes: Uint8Array) => any} decrypt
 */

/** @type {any} the types of WebCrypto differ between platforms in what bytes are */
const subtle = globalThis.crypto?.subtle;

const HMAC = { name: "HMAC", hash: "SHA-256" };

/** @param {ArrayBuffer} buffer */
const bytes = (buffer) => new Uint8Array(buffer);

/** @type {Crypto} */
export const webCrypto = {
  random: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
  sha256: async (text) => bytes(await subtle.digest("SHA-256", text)),
  macKey: (key) => subtle.importKey("raw", key, HMAC, false, ["sign", "verify"]),
  mac: async (key, text) => bytes(await subtle.sign("HMAC", key, text)),
  isMac: (key, text, mac) => subtle.verify("HMAC", key, mac, text),
  cipherKey: (key) => subtle.importKey("raw", key, "AES-CBC", false, ["encrypt", "decrypt"]),
  encrypt: async (key, iv, text) => bytes(await subtle.encrypt({ name: "AES-CBC", iv }, key, text)),
  decrypt: async (key, iv, text) => {
    try {
      return bytes(await subtle.decrypt({ name: "AES-CBC", iv }, key, text));
    } catch {
      return null;
    }
  },
};
