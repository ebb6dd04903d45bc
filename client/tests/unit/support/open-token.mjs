// A second opener of tokens, written only from protocol/SPEC.md, so that a mistake
// in the specification, or in the Rust crate, shows up as a disagreement about a vector. Section
// numbers are those of the specification. It stops before the claim (§10), which needs a store.

import { createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

const MAX_TEXT = 12288;
const MAX_LINES = 6144;
const MAX_NAME_AND_VALUE = 4096;
const MAX_PATH = 1024;
const MAX_DOMAIN = 253;
const MAX_MAX_AGE = 34560000;
const MAX_LIFETIME = 86400000;
const MAX_OPERATIONS = 20;
const MAX_TIME = 253402300799999;
const SKEW = 5000;
const MIN_SECRET = 32;

const KEY_ID = 4;
const TAG = 32;
const BLOCK = 16;
// §6.2: version, timestamp, IV.
const FERNET_HEAD = 1 + 8 + BLOCK;

/** `reason` is for tests and logs: §6.5 and §9.3 show an outsider less detail. */
export class Refused extends Error {
  constructor(reason, detail) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
  }
}

export const demand = (condition, reason, detail) => {
  if (!condition) throw new Refused(reason, detail);
};

// Canonical on read: node drops what it does not know, and ignores low bits, so that only a text
// which its own encoding gives back is the one spelling of its bytes. `null` when it is not.
export const decodeBase64url = (text) => {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : null;
};

export const hmac = (key, bytes) => createHmac("sha256", key).update(bytes).digest();

// Lengths are public and equal but for a mistake here; `timingSafeEqual` throws on unequal ones.
export const sameBytes = (a, b) => a.length === b.length && timingSafeEqual(a, b);

// ---- Keys (§2) ----

export const deriver = (secret) => {
  const root = Buffer.from(secret.replace(/\r?\n$/, ""), "utf8");
  if (root.length < MIN_SECRET) throw new RangeError("the root secret is too short");
  return (info, length) =>
    Buffer.from(hkdfSync("sha256", root, "apply-cookies/v1", `apply-cookies/v1/${info}`, length));
};

const deriveKeys = (secret) => {
  const derive = deriver(secret);
  return {
    id: derive("key-id//", KEY_ID),
    signed: derive("token/hmac-sha256/", 32),
    encrypted: derive("token/fernet/", 32),
    binding: derive("binding/hmac-sha256/", 32),
  };
};

/** The first secret is the current one; opening makes no difference between it and the others. */
export const keyRing = (...secrets) => {
  const ring = secrets.map(deriveKeys);
  const ids = new Set(ring.map((keys) => keys.id.toString("hex")));
  if (ids.size !== ring.length) throw new RangeError("two keys have the same id");
  return ring;
};

// ---- Seals (§6.2, §6.3) ----

const openSigned = (keys, sealed) => {
  const payload = sealed.subarray(0, -TAG);
  demand(sameBytes(hmac(keys.signed, payload), sealed.subarray(-TAG)), "forged", "MAC");
  return payload;
};

const openEncrypted = (keys, sealed) => openFernet(keys.encrypted, sealed);

export const openFernet = (key, sealed) => {
  const [signing, encryption] = [key.subarray(0, 16), key.subarray(16)];
  const body = sealed.subarray(0, -TAG);
  demand(sameBytes(hmac(signing, body), sealed.subarray(-TAG)), "forged", "MAC");
  // Only now, although a text may be too short for these: §6.5 puts the MAC before all else.
  demand(body.length >= FERNET_HEAD && body[0] === 0x80, "forged", "not a Fernet token");
  const iv = body.subarray(FERNET_HEAD - BLOCK, FERNET_HEAD);
  const decipher = createDecipheriv("aes-128-cbc", encryption, iv);
  try {
    return Buffer.concat([decipher.update(body.subarray(FERNET_HEAD)), decipher.final()]);
  } catch {
    // Whole blocks and padding. The MAC was right, so this reveals nothing to a stranger.
    throw new Refused("forged", "not a Fernet token");
  }
};

// The prefix alone chooses (§6.1).
const SEALS = new Map([
  ["e1.", { name: "encrypted", open: openEncrypted }],
  ["s1.", { name: "signed", open: openSigned }],
]);

// ---- Payload (§5) ----

class Reader {
  #rest;
  constructor(bytes) {
    this.#rest = bytes;
  }
  bytes(length) {
    demand(length <= this.#rest.length, "payload", "cut off");
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
  number(length) {
    return this.bytes(length).readUIntBE(0, length);
  }
  varint() {
    let number = 0;
    for (const shift of [0, 7, 14, 21]) {
      const byte = this.number(1);
      number |= (byte & 0x7f) << shift;
      if (byte > 0x7f) continue;
      demand(byte !== 0 || shift === 0, "payload", "a longer form of a number");
      return number;
    }
    throw new Refused("payload", "a number of more than four bytes");
  }
  text(length) {
    try {
      // A BOM that were dropped would make two encodings of one value.
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes(length));
    } catch (error) {
      throw error instanceof Refused ? error : new Refused("payload", "not UTF-8");
    }
  }
  end() {
    demand(this.#rest.length === 0, "payload", "bytes left over");
  }
}

// Each reads its numbers, and gives what reads its texts: those come behind all numbers.

const readAction = (reader) => {
  const kind = reader.number(1);
  if (kind === 1) return () => "reconnect";
  if (kind === 2) return () => "reload";
  demand(kind === 3, "payload", "action");
  const length = reader.varint();
  return () => {
    const path = reader.text(length);
    const inside = /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(path) && !/%2f|%5c/i.test(path);
    demand(inside && path.length <= MAX_PATH, "payload", "path of the action");
    return { go: path };
  };
};

const SAME_SITE = [null, "Strict", "Lax", "None"];

const readOperation = (reader) => {
  const flags = reader.varint();
  const flag = (bit) => (flags & (1 << bit)) !== 0;
  const isDelete = flag(0);
  demand((flags & ~(isDelete ? 0b1100_0011 : 0b1111_1110)) === 0, "payload", "operation's flags");
  const nameLength = reader.varint();
  const valueLength = isDelete ? 0 : reader.varint();
  const pathLength = flag(6) ? reader.varint() : 0;
  const domainLength = flag(6) ? reader.varint() : 0;
  const maxAge = flag(5) ? reader.varint() : null;
  return () => {
    const name = reader.text(nameLength);
    const value = isDelete ? undefined : reader.text(valueLength);
    const path = flag(6) ? reader.text(pathLength) || null : "/";
    const domain = reader.text(domainLength) || null;
    demand(!flag(6) || path !== "/" || domain !== null, "payload", "the usual place, spelled out");
    const shared = { name, path, domain, secure: flag(1), partitioned: flag(7) };
    if (isDelete) return { op: "delete", ...shared };
    const sameSite = SAME_SITE[(flags >> 3) & 3];
    return { op: "set", ...shared, value, http_only: flag(2), same_site: sameSite, max_age: maxAge };
  };
};

const readPayload = (bytes) => {
  const reader = new Reader(bytes);
  const flags = reader.number(1);
  demand(flags < 16, "payload", "unknown flags");
  const nonce = reader.bytes(16);
  const issuedAt = reader.number(6);
  const lifetime = reader.number(4);
  demand(lifetime >= 1 && lifetime <= MAX_LIFETIME, "payload", "lifetime");
  const expiresAt = issuedAt + lifetime;
  demand(expiresAt <= MAX_TIME, "payload", "time");
  const scope = flags & 2 ? reader.bytes(16) : null;
  const binding = flags & 4 ? reader.bytes(16) : null;
  const actionText = flags & 8 ? readAction(reader) : () => null;
  const count = reader.number(1);
  demand(count >= 1 && count <= MAX_OPERATIONS, "payload", "number of operations");
  const texts = Array.from({ length: count }, () => readOperation(reader));
  const action = actionText();
  const operations = texts.map((read) => read());
  reader.end();
  const barrier = (flags & 1) !== 0;
  return { barrier, nonce, issuedAt, expiresAt, scope, binding, action, operations };
};

// ---- Operations (§4) ----

// Longer before shorter: `__Host-Http-` begins with `__Host-`.
const PREFIXES = ["__host-http-", "__http-", "__secure-", "__host-"];
const prefixOf = (name) => PREFIXES.find((prefix) => name.toLowerCase().startsWith(prefix)) ?? "";
export const withoutPrefix = (name) => {
  const bare = name.slice(prefixOf(name).length);
  return bare === name ? name : withoutPrefix(bare);
};
const isReserved = (name) => /^apply-cookies(-|$)/i.test(name.slice(prefixOf(name).length));

// Byte by byte, since `decodeURIComponent` throws at what some server decodes; a prefix is ASCII.
const percentDecode = (name) =>
  name.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const isDomain = (domain) => {
  const labels = domain.split(".");
  return (
    domain.length <= MAX_DOMAIN &&
    labels.length >= 2 &&
    labels.every((label) => label.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label)) &&
    !/^[0-9]+$/.test(labels.at(-1))
  );
};

export const checkOperation = (operation) => {
  const { name, path, domain, secure, partitioned } = operation;
  const { value = "", same_site = null, max_age = null } = operation;
  const httpOnly = operation.op === "delete" || operation.http_only;
  const must = (condition, detail) => demand(condition, "cannot-emit", detail);

  const decoded = percentDecode(name);
  must(TOKEN.test(name) && TOKEN.test(decoded), "name");
  const prefix = prefixOf(name);
  must(!isReserved(name) && !isReserved(decoded), "reserved name");
  must(prefixOf(decoded) === prefix, "name with a hidden prefix");
  must(prefix === "" || secure, "prefix without Secure");
  must(!prefix.endsWith("http-") || httpOnly, "prefix without HttpOnly");
  must(!prefix.startsWith("__host-") || (domain === null && path === "/"), "prefix of one host");

  must(/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(value), "value");
  must(name.length + value.length <= MAX_NAME_AND_VALUE, "size");
  must(path === null || /^\/[\x21-\x3a\x3c-\x7e]*$/.test(path), "path");
  must(path === null || path.length <= MAX_PATH, "path's length");
  must(domain === null || isDomain(domain), "domain");
  must(max_age === null || max_age <= MAX_MAX_AGE, "Max-Age");
  must(secure || (same_site !== "None" && !partitioned), "attribute without Secure");
};

export const lineOf = (operation) => {
  const { op, name, path, domain, secure, partitioned } = operation;
  const shared = [path && `Path=${path}`, domain && `Domain=${domain}`];
  const parts =
    op === "delete"
      ? [`${name}=`, ...shared, "Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
      : [`${name}=${operation.value}`, ...shared];
  if (op === "set" && operation.max_age !== null) parts.push(`Max-Age=${operation.max_age}`);
  parts.push(secure && "Secure", (op === "delete" || operation.http_only) && "HttpOnly");
  parts.push(op === "set" && operation.same_site && `SameSite=${operation.same_site}`);
  parts.push(partitioned && "Partitioned");
  return parts.filter(Boolean).join("; ");
};

const linesOf = (operations) => {
  operations.forEach(checkOperation);
  const cookies = operations.map((o) => JSON.stringify([o.name, o.domain, o.path, o.partitioned]));
  demand(new Set(cookies).size === cookies.length, "cannot-emit", "one cookie twice");
  const lines = operations.map(lineOf);
  // Only ASCII is left by now, so that characters are bytes.
  const size = lines.reduce((sum, line) => sum + `Set-Cookie: ${line}\r\n`.length, 0);
  demand(size <= MAX_LINES, "cannot-emit", "lines");
  return lines;
};

// ---- The whole (§6.4, §6.5) ----

const checkBinding = (keys, binding, cookie, required) => {
  if (binding === null) return demand(!required, "wrong-browser", "not bound");
  const bytes = cookie === null ? null : decodeBase64url(cookie);
  demand(bytes?.length === 32, "wrong-browser", "no binding cookie");
  const own = hmac(keys.binding, bytes).subarray(0, 16);
  demand(sameBytes(own, binding), "wrong-browser", "another binding cookie");
};

/** What a token says and the lines to send, or `Refused`. Every check is in the order of §6.5. */
export const openToken = (ring, text, { now, bindingCookie = null, bindingRequired = false }) => {
  demand(Buffer.byteLength(text) <= MAX_TEXT, "too-long", "text");
  const seal = SEALS.get(text.slice(0, 3));
  demand(seal, "version", "prefix");
  const bytes = decodeBase64url(text.slice(3));
  // The parts that both seals have. Whatever an encrypted one lacks beyond them fails its MAC.
  demand(bytes !== null && bytes.length >= KEY_ID + TAG, "form", "base64url or length");
  const keyId = bytes.subarray(0, KEY_ID);
  const keys = ring.find(({ id }) => id.equals(keyId));
  demand(keys, "key", "unknown key id");
  const payload = readPayload(seal.open(keys, bytes.subarray(KEY_ID)));
  demand(now < payload.expiresAt, "expired", "lifetime");
  demand(payload.issuedAt <= now + SKEW, "not-yet-valid", "issued in the future");
  checkBinding(keys, payload.binding, bindingCookie, bindingRequired);
  return { seal: seal.name, ...payload, setCookie: linesOf(payload.operations) };
};
