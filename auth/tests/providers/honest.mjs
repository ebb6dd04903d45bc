// What good providers do in different ways: each signs the person in.

import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";

const table = [];
const add = (name, does, run, needs) => table.push({ group: "honest", name, does, run, needs });
const changed = (change) => async (w) => {
  w.one.change = { ...w.one.change, ...change(w) };
  await w.signIn();
};
const FRESH = { fresh: true };

// https://developers.google.com/identity/openid-connect/openid-connect#confirmxsrftoken
add("as Google", "scope, authuser, prompt and hd beside the code", changed(() => ({ callback: (good) => [...good, ["scope", "openid email https://www.googleapis.com/auth/userinfo.email"], ["authuser", "0"], ["hd", "example.com"], ["prompt", "none"]] })));
add("session_state", "as OpenID Connect Session Management 1.0 adds", changed(() => ({ callback: (good) => [["session_state", "a.b"], ...good] })));
add("another order", "iss and state before the code", changed(() => ({ callback: (good) => [...good].reverse() })));
add("aud in a list", "a list with this client alone", changed(() => ({ claims: (good) => ({ ...good, aud: [good.aud] }) })));
add("azp", "names this client", changed(() => ({ claims: (good) => ({ ...good, azp: good.aud }) })));
add("no at_hash", "it is optional", changed(() => ({ claims: ({ at_hash, ...good }) => good })));
add("no typ", "it is optional", changed(() => ({ header: ({ typ, ...good }) => good })));
add("token_type in small letters", "bearer", changed(() => ({ token: (good) => ({ ...good, token_type: "bearer" }) })));
add("a clock 30 s behind", "exp and iat by it", changed(() => ({ claims: (good) => ({ ...good, iat: good.iat - 30, exp: good.exp - 30 }) })));
add("a clock 30 s ahead", "exp and iat by it", changed(() => ({ claims: (good) => ({ ...good, iat: good.iat + 30, exp: good.exp + 30 }) })));
add("no kid", "one key, and a token that does not name it", changed((w) => ({ header: ({ kid, ...good }) => good, keys: ({ keys: [{ kid, ...key }] }) => ({ keys: [key] }) })), FRESH);
add("keys for other uses", "beside the one that signs", changed(() => ({ keys: ({ keys }) => ({ keys: [{ ...keys[0], kid: "enc", use: "enc" }, { kty: "OKP", crv: "unknown", x: "AA", kid: "new" }, ...keys] }) })), FRESH);
add("ES256", "a P-256 key", changed(() => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    keys: ({ keys }) => ({ keys: [...keys, { ...createPublicKey(privateKey).export({ format: "jwk" }), kid: "ec", use: "sig" }] }),
    idToken: (token, { claims }) => {
      const input = [{ alg: "ES256", kid: "ec" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
      return `${input}.${sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
    },
  };
}), { before: (one) => (one.change.discovery = (good) => ({ ...good, id_token_signing_alg_values_supported: ["RS256", "ES256"] })) });
add("no promise of iss", "and none in the callback", changed(() => ({ callback: (good) => good.filter(([name]) => name !== "iss") })), { before: (one) => (one.change.discovery = ({ authorization_response_iss_parameter_supported, ...document }) => document) });
add("a second tab", "begun while the first is under way, which then ends well", async (w) => {
  const { callback } = await w.begin();
  await w.begin();
  await w.deliver(callback);
});
add("HEAD before it", "a scanner of links was there first", async (w) => {
  const { callback } = await w.begin();
  await w.deliver(callback, w.victim, { method: "HEAD" });
  await w.deliver(callback);
});
add("fetched ahead", "the browser was there first", async (w) => {
  const { callback } = await w.begin();
  await w.deliver(callback, w.victim, { headers: { "sec-purpose": "prefetch" } });
  await w.deliver(callback);
});
add("nine minutes", "at the provider", async (w) => {
  const { callback } = await w.begin();
  w.later(540);
  await w.deliver(callback);
}, { clock: true });
add("reload", "of the callback: still signed in", async (w) => {
  const { callback } = await w.signIn();
  await w.deliver(callback);
});
add("another provider afterwards", "in the same browser", async (w) => {
  await w.signIn(w.victim, "two", { account: "bob" });
  await w.signIn();
});
add("UserInfo", "asked, and it names the same person", (w) => w.signIn(), { userInfo: true });

export const honest = table;
