// The primitives by node:crypto, all at once.

import { createCipheriv, createDecipheriv, createHash, createHmac, randomFillSync, timingSafeEqual } from "node:crypto";

/** @typedef {import("./crypto-web.js").Crypto} Crypto */

const AES = "aes-128-cbc";

/** @param {any} key @param {Uint8Array} bytes */
const hmac = (key, bytes) => createHmac("sha256", key).update(bytes).digest();

/** @type {Crypto} */
export const nodeCrypto = {
  random: (length) => randomFillSync(new Uint8Array(length)),
  sha256: (bytes) => createHash("sha256").update(bytes).digest(),
  macKey: (bytes) => bytes,
  mac: hmac,
  isMac: (key, bytes, mac) => timingSafeEqual(hmac(key, bytes), mac),
  cipherKey: (bytes) => bytes,
  encrypt: (key, iv, bytes) => {
    const cipher = createCipheriv(AES, key, iv);
    const first = cipher.update(bytes);
    return Buffer.concat([first, cipher.final()]);
  },
  decrypt: (key, iv, bytes) => {
    const decipher = createDecipheriv(AES, key, iv);
    try {
      const first = decipher.update(bytes);
      return Buffer.concat([first, decipher.final()]);
    } catch {
      return null;
    }
  },
};
