// Bytes and texts, without Node's Buffer: this runs at the edge too.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));

/** The number of each character by its code; 64 where a character is none of the alphabet. */
const NUMBERS = new Uint8Array(128).fill(64);
CODES.forEach((code, number) => (NUMBERS[code] = number));

const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");
// A byte order mark that were dropped would make two encodings of one text.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param {string} text @returns {Uint8Array} */
export const utf8 = (text) => encoder.encode(text);

/** @param {Uint8Array} bytes @returns {string | null} `null` where they are not UTF-8 */
export const textOf = (bytes) => {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
};

/** Base64url without padding. @param {Uint8Array} bytes @returns {string} */
export const toBase64url = (bytes) => {
  const out = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      out[at++] = CODES[(held >> bits) & 63];
    }
  }
  if (bits > 0) out[at] = CODES[(held << (6 - bits)) & 63];
  return latin1.decode(out);
};

/**
 * Canonical on read: no padding, no other character, unused bits zero.
 * @param {string} text
 * @returns {Uint8Array | null}
 */
export const fromBase64url = (text) => {
  if (text.length % 4 === 1) return null;
  const out = new Uint8Array((text.length * 3) >> 2);
  let at = 0;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < text.length; i++) {
    const number = NUMBERS[text.charCodeAt(i)] ?? 64;
    if (number === 64) return null;
    held = ((held << 6) | number) & 0xfffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (held >> bits) & 255;
    }
  }
  return (held & ((1 << bits) - 1)) === 0 ? out : null;
};

/** @param {...Uint8Array} parts @returns {Uint8Array} */
export const concat = (...parts) => {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

/** Each character as the byte with its code. @param {string} text @returns {Uint8Array} */
export const bytesOf = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/**
 * Not for secrets: it stops at the first difference.
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
export const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/**
 * The 8 bytes of a time in milliseconds or seconds, or all ones for no end.
 * @param {number | null} number
 * @returns {Uint8Array}
 */
export const eightBytes = (number) => {
  const out = new Uint8Array(8).fill(255);
  if (number !== null) {
    const view = new DataView(out.buffer);
    view.setUint32(0, Math.floor(number / 2 ** 32));
    view.setUint32(4, number % 2 ** 32);
  }
  return out;
};
