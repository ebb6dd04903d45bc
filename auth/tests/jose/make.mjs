// Signs tokens with jose: `node make.mjs GOOD CHANGED`. The first line is the key set. Each further line
// is a token, and whether jose verifies it. GOOD of them are as jose makes them; CHANGED have one random
// change, before or after they were signed, so that some of them are still right.
import { constants, createPrivateKey, randomBytes, randomInt, sign } from "node:crypto";
import { compactVerify, createLocalJWKSet, exportJWK, exportPKCS8, generateKeyPair, SignJWT } from "jose";

const [good, changed] = process.argv.slice(2).map(Number);
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"];
const pick = (list) => list[randomInt(list.length)];
const one = (times) => randomInt(times) === 0;

// One key for each kind: no token has to name its key.
const keys = {};
for (const [kid, algorithm] of Object.entries({ rsa: "RS256", p256: "ES256", p384: "ES384", ed: "EdDSA" })) {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const pem = await exportPKCS8(pair.privateKey);
  keys[kid] = { pem: createPrivateKey(pem), public: { ...(await exportJWK(pair.publicKey)), kid } };
}
const kidOf = { ES256: "p256", ES384: "p384", EdDSA: "ed" };
const set = { keys: Object.values(keys).map((key) => key.public) };
const find = createLocalJWKSet(set);
console.log(JSON.stringify(set));

// Texts with what needs an escape, and with characters outside of the basic plane.
const text = () => {
  const characters = ["a", "B", "7", " ", '"', "\\", "/", "\n", "\u0001", "é", "ß", "漢", "😀", "\u2028", "\0"];
  return Array.from({ length: randomInt(12) }, () => pick(characters)).join("");
};
const number = () => pick([0, -0, 1, -1, 1.5, 1e21, 5e-324, 2 ** 53, -(2 ** 53), Math.random(), randomInt(2 ** 32)]);
const value = (depth) => {
  const kind = randomInt(depth > 0 ? 7 : 5);
  if (kind === 5) return Array.from({ length: randomInt(4) }, () => value(depth - 1));
  if (kind === 6) return object(depth - 1);
  return [text(), number(), true, false, null][kind];
};
const object = (depth) =>
  Object.fromEntries(Array.from({ length: randomInt(4) }, () => [text(), value(depth)]));
const header = (alg) => ({
  alg,
  ...(one(4) ? {} : { kid: kidOf[alg] ?? "rsa" }),
  ...pick([{}, { typ: "JWT" }, { typ: "jwt" }]),
  ...(one(3) ? { x5t: text(), [`x-${text()}`]: value(3) } : {}),
});
const claims = () => ({
  iss: "https://id.example",
  aud: pick(["app", ["app", "other"]]),
  sub: text(),
  exp: 4e9,
  iat: 17e8,
  ...object(5),
});

const base64url = (bytes) => Buffer.from(bytes).toString("base64url");
const HASH = { 256: "sha256", 384: "sha384", 512: "sha512" };
function signed(alg, head, body) {
  const message = Buffer.from(`${base64url(head)}.${base64url(body)}`);
  const key = keys[kidOf[alg] ?? "rsa"].pem;
  const options = {
    RS: { key },
    PS: { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    ES: { key, dsaEncoding: "ieee-p1363" },
    Ed: { key },
  };
  const hash = alg === "EdDSA" ? null : HASH[alg.slice(2)];
  return `${message}.${base64url(sign(hash, message, options[alg.slice(0, 2)]))}`;
}

// One change to the bytes of a JSON object: anywhere, or where it hurts.
function changeJson(json) {
  const bytes = Buffer.from(json);
  const at = randomInt(bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + 1)];
  const members = ['"alg":"none"', '"alg":"HS256"', '"alg":"ES256"', '"kid":"rsa"', '"typ":"JWT"', '"crit":[]'];
  members.push('"crit":["exp"]', '"b64":true', '"b64":false', '"jwk":{}', '"x5c":[]', '"jku":""', '"x":{"a":1,"a":2}');
  members.push('"\\u0061lg":"none"', '"sub":"eve"', '"exp":1', '"x":1e400', '"x":NaN', '"x":"\\ud800"', '"x":1', '"":1,"":2');
  switch (randomInt(6)) {
    case 0:
      return Buffer.concat([before, randomBytes(1), after]);
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, Buffer.from(pick([" ", '"', ",", "{", "}", "[", "\\", "\n", "0"])), bytes.subarray(at)]);
    case 3:
      return Buffer.from(json.replace(/}$/, `,${pick(members)}}`));
    case 4:
      return Buffer.from(json.replace("{", `{${pick(members)},`));
    default:
      return pick([Buffer.from(`${json} `), Buffer.from(`\ufeff${json}`), Buffer.from(`[${json}]`), Buffer.from(json.repeat(2))]);
  }
}
// One change to the token itself.
function changeToken(token) {
  const at = randomInt(token.length);
  const character = pick([..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n"]);
  return pick([
    () => token.slice(0, at) + character + token.slice(at + 1),
    () => token.slice(0, at) + character + token.slice(at),
    () => token.slice(0, at) + token.slice(at + 1),
    () => token.slice(0, at),
    () => token + character,
    () => token.slice(0, -1) + character,
    () => token.split(".").reverse().join("."),
  ])();
}
async function verdict(token) {
  try {
    const { payload } = await compactVerify(token, find, { algorithms: ALGORITHMS });
    const read = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload));
    return typeof read === "object" && read !== null && !Array.isArray(read);
  } catch {
    return false;
  }
}

for (let number = 0; number < good; number++) {
  const alg = ALGORITHMS[number % ALGORITHMS.length];
  const key = keys[kidOf[alg] ?? "rsa"].pem;
  const token = await new SignJWT(claims()).setProtectedHeader(header(alg)).sign(key);
  console.log(JSON.stringify({ token, jose: true, good: true }));
}
for (let number = 0; number < changed; number++) {
  const alg = pick(ALGORITHMS);
  let [head, body] = [JSON.stringify(header(alg)), JSON.stringify(claims())];
  const where = randomInt(3);
  if (where === 0) head = changeJson(head);
  if (where === 1) body = changeJson(body);
  const token = signed(alg, head, body);
  const sent = where === 2 ? changeToken(token) : token;
  console.log(JSON.stringify({ token: sent, jose: await verdict(sent), good: false }));
}
