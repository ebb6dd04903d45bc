// The attacks on the callback. Each is one change to a sign-in that succeeds in the same run, and says what
// of it would be a success for the attacker: by default, that the person at the browser is signed in.
//
// `expected`: what ours answers with, by code; several where the order of checks is not what matters.
// `needs`: a world of its own (`gate`, `userInfo`, `clock`, or a document changed before the app sees it).
// `design`: what a target that is not ours may do otherwise without a fault.

import { createPublicKey } from "node:crypto";

import { compact, newKey, strangersKey } from "./hostile/provider.mjs";
import { Visitor } from "./support/visitor.mjs";

const table = [];
const add = (group, name, does, expected, run, more = {}) => table.push({ group, name, does, expected, run, ...more });

/** An address whose query is changed as a list of pairs. */
function query(address, change) {
  const at = address.indexOf("?");
  const pairs = [...new URLSearchParams(address.slice(at + 1))];
  const changed = change(pairs) ?? pairs;
  return `${address.slice(0, at)}?${changed.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&")}`;
}
const get = (address, name) => new URL(address).searchParams.get(name);
const set = (name, to) => (address) => query(address, (pairs) => pairs.map(([key, value]) => [key, key === name ? (typeof to === "function" ? to(value) : to) : value]));
const without = (name) => (address) => query(address, (pairs) => pairs.filter(([key]) => key !== name));
const beside = (name, value) => (address) => query(address, (pairs) => [...pairs, [name, typeof value === "function" ? value(address) : value]]);
const first = (name, value) => (address) => query(address, (pairs) => [[name, value], ...pairs]);
const other = (character) => (character === "A" ? "B" : "A");
const flipped = (text, at = text.length >> 1) => text.slice(0, at) + other(text[at]) + text.slice(at + 1);

/** Where the app does not even go to the provider, the attack has ended too. */
const ifRefused = (error) => {
  if (!error.refused) throw error;
};

/** The callback's address is changed. */
const address = (change) => async (w) => {
  const { callback } = await w.begin();
  await w.deliver(change(callback, w));
};
/** The provider's answers are changed. */
const provider = (change) => async (w) => {
  w.one.change = change(w);
  await w.signIn();
};
/** The cookies of the attempt are changed before the callback. */
const cookies = (change) => async (w) => {
  const { callback, attempt } = await w.begin();
  const names = new Set(attempt.map(({ name }) => name));
  w.victim.cookies = w.victim.cookies.flatMap((cookie) => (names.has(cookie.name) ? change(cookie) : [cookie]));
  await w.deliver(callback);
};
const claims = (change) => provider((w) => ({ claims: (good, ask) => ({ ...good, ...(typeof change === "function" ? change(good, w, ask) : change) }) }));
const idToken = (change) => provider((w) => ({ idToken: (token, parts) => change(token, parts, w) }));
const answer = (change) => provider((w) => ({ token: (good) => change(good, w) }));
/** The provider answers the exchange with these very bytes. */
const raw = (status, fields, body) => provider(() => ({ reply: { token: (response) => response.writeHead(status, fields).end(body) } }));
const soon = (seconds) => Math.floor(Date.now() / 1000) + seconds;
const JSON_TYPE = { "content-type": "application/json" };

// State

add("state", "absent", "the callback has no state", "state", address(without("state")));
add("state", "empty", "its value is empty", "state", address(set("state", "")));
add("state", "twice", "the same state twice", "state", address(beside("state", (a) => get(a, "state"))), { design: "reads one of two equal ones" });
add("state", "another behind it", "a second, other state behind it", "state", address(beside("state", "x")), { design: "reads the first" });
add("state", "another before it", "another state before it", "state", address(first("state", "x")), { design: "reads the last" });
add("state", "truncated", "its last character is missing", "state", address(set("state", (s) => s.slice(0, -1))));
add("state", "longer", "one character is added", "state", address(set("state", (s) => `${s}A`)));
add("state", "one character changed", "the character in its middle", "state", address(set("state", (s) => flipped(s))));
add("state", "padded", "an = is added, as another spelling of base64", "state", address(set("state", (s) => `${s}=`)));
add("state", "a space behind it", "%20 is added", "state", address(set("state", (s) => `${s} `)));
add("state", "zero byte behind it", "%00 is added", "state", address(set("state", (s) => `${s}\0`)), { design: "a text ends there" });
add("state", "forged", "as long, but made up", "state", address(set("state", (s) => "A".repeat(s.length))));
add("state", "huge", "10,000 characters", ["state", "HTTP 414", "HTTP 431"], address(set("state", "A".repeat(10_000))));
add("state", "of another tab", "the code of one tab with the state of another of the same browser", ["exchange-failed", "token-invalid"], async (w) => {
  const [one, other] = [await w.begin(), await w.begin()];
  await w.deliver(set("state", get(other.callback, "state"))(one.callback));
});
add("state", "of another browser", "the victim's callback with the attacker's state", "attempt-missing", async (w) => {
  const theirs = await w.begin(w.attacker);
  const { callback } = await w.begin();
  await w.deliver(set("state", get(theirs.callback, "state"))(callback));
});
add("state", "of another provider", "the state of a sign-in with provider two, at the callback of one", "issuer-mixed-up", async (w) => {
  const theirs = await w.begin(w.victim, "two");
  const { callback } = await w.begin();
  await w.deliver(set("state", get(theirs.callback, "state"))(callback));
});
add("state", "old", "the callback comes 61 minutes after its beginning", "attempt-expired", async (w) => {
  const { callback } = await w.begin();
  w.later(3660);
  await w.deliver(callback);
}, { needs: { clock: true } });
add("state", "eleven minutes old", "the callback comes 11 minutes after its beginning", "attempt-expired", async (w) => {
  const { callback } = await w.begin();
  w.later(660);
  await w.deliver(callback);
}, { needs: { clock: true }, design: "gives an attempt an hour" });
add("state", "used before, new code", "a second code for a state that has signed somebody in, after the sign-out", ["attempt-used", "signed-out", "attempt-missing"], async (w) => {
  const { callback, authorize } = await w.begin();
  await w.deliver(callback);
  await w.app.signOut(w.victim);
  await w.deliver((await w.ask(authorize)).callback);
});

// The attempt's cookie

add("cookie", "absent", "a browser without the attempt's cookie", "attempt-missing", cookies(() => []));
add("cookie", "empty", "its value is empty", "attempt-missing", cookies((c) => [{ ...c, value: "" }]));
add("cookie", "one character changed", "the character in its middle", "attempt-missing", cookies((c) => [{ ...c, value: flipped(c.value) }]));
add("cookie", "truncated", "half of it is missing", "attempt-missing", cookies((c) => [{ ...c, value: c.value.slice(0, c.value.length >> 1) }]));
add("cookie", "twice, another before it", "a second cookie of the name, with another value, before it", "attempt-missing", cookies((c) => [{ ...c, value: flipped(c.value) }, c]), { design: "reads the last of the two" });
add("cookie", "twice, another behind it", "the same, behind it", "attempt-missing", cookies((c) => [c, { ...c, value: flipped(c.value) }]), { design: "reads the first of the two" });
add("cookie", "of another attempt", "under this attempt's name, the value of another browser's", "attempt-missing", async (w) => {
  const theirs = await w.begin(w.attacker);
  const { callback, attempt } = await w.begin();
  const names = attempt.map(({ name }) => name);
  for (const cookie of w.victim.cookies) {
    const at = names.indexOf(cookie.name);
    if (at >= 0) cookie.value = theirs.attempt[at].value;
  }
  await w.deliver(callback);
});
add("cookie", "of another browser", "the victim's callback, opened in the attacker's browser that has an attempt of its own", "attempt-missing", async (w) => {
  await w.begin(w.attacker);
  const { callback } = await w.begin();
  await w.deliver(callback, w.attacker);
  return w.who(w.attacker);
});

// Parameters

add("parameters", "code twice", "the same code twice", "state", address(beside("code", (a) => get(a, "code"))), { design: "reads one of two equal ones" });
add("parameters", "another code behind it", "the attacker's code behind the victim's", "state", async (w) => {
  const theirs = await w.begin(w.attacker);
  const { callback } = await w.begin();
  await w.deliver(beside("code", get(theirs.callback, "code"))(callback));
}, { design: "reads the first" });
add("parameters", "another code before it", "the attacker's code before the victim's", "state", async (w) => {
  const theirs = await w.begin(w.attacker);
  const { callback } = await w.begin();
  await w.deliver(first("code", get(theirs.callback, "code"))(callback));
}, { design: "reads the last" });
add("parameters", "no code", "neither code nor error", "state", address(without("code")));
add("parameters", "code empty", "its value is empty", ["state", "exchange-failed"], address(set("code", "")));
add("parameters", "code huge", "its value has 5,000 characters more", ["exchange-failed", "state"], address(set("code", (c) => c + "A".repeat(5_000))));
add("parameters", "code made up", "the provider never gave it out", "exchange-failed", address(set("code", (c) => "A".repeat(c.length))));
add("parameters", "code as a list", "code[] in the place of code", "state", address((a) => a.replace("code=", "code%5B%5D=")));
add("parameters", "code and error", "an error beside a good code", ["cancelled", "state"], address(beside("error", "access_denied")));
add("parameters", "error twice", "two errors in the place of the code", "state", address((a) => beside("error", "server_error")(beside("error", "access_denied")(without("code")(a)))));
add("parameters", "name in percent signs", "a second, other state whose name is written %73tate", "state", address((a) => `${a}&%73tate=x`), { design: "reads the first" });
add("parameters", "token in the address", "an ID token in the place of the code, as of the implicit flow", "state", async (w) => {
  const { callback, ask } = await w.begin();
  await w.deliver(beside("id_token", w.one.sign(w.one.claims(ask, "x")))(without("code")(callback)));
});
add("parameters", "access token in the address", "an access token in the place of the code", "state", address((a) => beside("access_token", "x")(without("code")(a))));
add("parameters", "iss twice", "the same iss twice", "state", address(beside("iss", (a) => get(a, "iss"))), { design: "reads one of two equal ones" });
add("parameters", "iss of another behind it", "the iss of provider two behind it", ["state", "issuer-mixed-up"], address((a, w) => beside("iss", w.two.issuer)(a)), { design: "reads the first, or none" });
add("parameters", "iss of another", "the iss of provider two", "issuer-mixed-up", address((a, w) => set("iss", w.two.issuer)(a)));
add("parameters", "iss absent", "no iss, though the provider promises one", "issuer-mixed-up", address(without("iss")));
add("parameters", "iss empty", "its value is empty", "issuer-mixed-up", address(set("iss", "")));
add("parameters", "iss with a slash", "a slash is added", "issuer-mixed-up", address(set("iss", (i) => `${i}/`)));
add("parameters", "iss in capitals", "its scheme is written HTTP", "issuer-mixed-up", address(set("iss", (i) => i.replace("http", "HTTP"))));

// Replay

add("replay", "the same twice", "reload: the callback comes again", null, async (w) => {
  const { callback, ask } = await w.signIn();
  await w.deliver(callback);
  return w.exchanges(ask) > 1 && `${w.exchanges(ask)} exchanges of one code`;
});
for (const count of [2, 64]) {
  add("replay", `${count} at once`, `the callback comes ${count} times at once, with one code`, null, async (w) => {
    const { callback, ask } = await w.begin();
    const cookie = w.victim.cookieField(callback);
    await Promise.all(Array.from({ length: count }, () => new Visitor().go(callback, { headers: { cookie } })));
    return w.exchanges(ask) > 1 && `${w.exchanges(ask)} exchanges of one code`;
  });
}
add("replay", "after the sign-out", "the callback comes again after the person has signed out", ["signed-out", "attempt-used", "attempt-missing"], async (w) => {
  const { callback } = await w.signIn();
  await w.app.signOut(w.victim);
  await w.deliver(callback);
});
add("replay", "by a thief, afterwards", "address and cookies were copied before the person's callback; the copy comes after it", ["attempt-used", "begins anew"], async (w) => {
  const { callback, ask } = await w.begin();
  const thief = w.victim.copy();
  await w.deliver(callback);
  await w.deliver(callback, thief);
  return (await w.who(thief)) || (w.exchanges(ask) > 1 && `${w.exchanges(ask)} exchanges of one code`);
});
add("replay", "by a thief, after the sign-out", "the same after the person has signed out", ["attempt-used", "signed-out", "begins anew"], async (w) => {
  const { callback } = await w.begin();
  const thief = w.victim.copy();
  await w.deliver(callback);
  await w.app.signOut(w.victim);
  await w.deliver(callback, thief);
  return w.who(thief);
});
add("replay", "after a restart", "used, then the app is started anew, then the copy comes", ["attempt-used", "signed-out", "attempt-missing", "state", "attempt-expired", "begins anew"], async (w) => {
  const { callback, ask } = await w.begin();
  const thief = w.victim.copy();
  await w.deliver(callback);
  await w.app.restart();
  await w.deliver(callback, thief);
  return (await w.who(thief)) || (w.exchanges(ask) > 1 && `${w.exchanges(ask)} exchanges of one code`);
}, { needs: { restarts: true } });
add("replay", "copy of the session", "a copy of the signed-in browser's cookies is used after the sign-out", null, async (w) => {
  await w.signIn();
  const thief = w.victim.copy();
  await w.app.signOut(w.victim);
  return w.who(thief);
}, { design: "keeps the session in the cookie alone" });
add("replay", "begun before the sign-out", "a second tab's attempt, begun before the sign-out, comes back after it", "signed-out", async (w) => {
  await w.signIn();
  const { callback } = await w.begin();
  await w.app.signOut(w.victim);
  await w.deliver(callback);
}, { design: "an attempt does not know of sign-outs" });

// Mix-up of providers, login CSRF

add("mix-up", "path of another", "the callback of provider one at the callback of two", "issuer-mixed-up", async (w) => {
  const { callback } = await w.begin();
  const at = w.app.callback("two");
  if (callback.startsWith(`${at}?`)) return { lacks: "has one callback address" };
  await w.deliver(at + new URL(callback).search);
});
add("mix-up", "code of another", "the code of provider two in the callback of one", "exchange-failed", async (w) => {
  const theirs = await w.begin(w.victim, "two");
  const { callback } = await w.begin();
  await w.deliver(set("code", get(theirs.callback, "code"))(callback));
});
add("mix-up", "code and iss of another", "code and iss of provider two in the callback of one", "issuer-mixed-up", async (w) => {
  const theirs = await w.begin(w.victim, "two");
  const { callback } = await w.begin();
  await w.deliver(set("iss", w.two.issuer)(set("code", get(theirs.callback, "code"))(callback)));
  // The honest provider's code in the hands of another is the attack: was it sent anywhere?
  return (await w.who()) || (w.one.tokens.some(({ code }) => code === get(theirs.callback, "code")) && "the code of provider two went to provider one");
});
add("mix-up", "token of another", "provider two gives out an ID token that provider one has signed", "token-invalid", async (w) => {
  w.two.change = { idToken: (token, { claims }) => w.one.sign({ ...claims, iss: w.one.issuer, aud: w.one.clientId }) };
  await w.signIn(w.victim, "two");
});
add("mix-up", "iss of another in the token", "provider two names provider one in its ID token", "token-invalid", async (w) => {
  w.two.change = { claims: (good) => ({ ...good, iss: w.one.issuer }) };
  await w.signIn(w.victim, "two");
});
add("mix-up", "login CSRF", "the attacker's unused callback is opened in the victim's browser", "attempt-missing", async (w) => {
  const { callback } = await w.begin(w.attacker);
  await w.deliver(callback);
});
add("mix-up", "login CSRF beside an attempt", "the same while the victim has an attempt under way", "attempt-missing", async (w) => {
  await w.begin();
  const { callback } = await w.begin(w.attacker);
  await w.deliver(callback);
});
add("mix-up", "login CSRF over a session", "the same while the victim is signed in: is the victim the attacker now?", null, async (w) => {
  await w.signIn();
  const { callback } = await w.begin(w.attacker);
  await w.deliver(callback);
  return (await w.who()) === "mallory" && "mallory";
});

// PKCE and nonce

add("PKCE", "none asked for", "the request has an S256 challenge, and the exchange its verifier", null, async (w) => {
  const { ask, callback } = await w.begin();
  await w.deliver(callback);
  if (ask.code_challenge_method !== "S256" || !ask.code_challenge) return "no challenge in the request";
  return !w.one.tokens[0]?.code_verifier && "no verifier in the exchange";
});
add("PKCE", "attacker's code", "the attacker's code in the victim's callback", "exchange-failed", async (w) => {
  const theirs = await w.begin(w.attacker);
  const { callback } = await w.begin();
  await w.deliver(set("code", get(theirs.callback, "code"))(callback));
});
add("PKCE", "attacker's code, challenge forgotten", "the same, at a provider that does not check the verifier", "token-invalid", async (w) => {
  w.one.change = { pkce: false };
  const theirs = await w.begin(w.attacker);
  const { callback } = await w.begin();
  await w.deliver(set("code", get(theirs.callback, "code"))(callback));
});
add("nonce", "absent", "the ID token has none", "token-invalid", claims({ nonce: undefined }));
add("nonce", "made up", "another of the same length", "token-invalid", claims(({ nonce }) => ({ nonce: flipped(nonce) })));
add("nonce", "of another attempt", "that of another tab of the same browser", "token-invalid", async (w) => {
  const other = await w.begin();
  w.one.change = { claims: (good) => ({ ...good, nonce: other.ask.nonce }) };
  await w.signIn();
});
add("nonce", "in a list", "a list with the right one in it", "token-invalid", claims(({ nonce }) => ({ nonce: [nonce] })));
add("nonce", "empty", "an empty text", "token-invalid", claims({ nonce: "" }));

// ID token: signature and form

const publicPem = (w) => createPublicKey(w.one.key).export({ type: "spki", format: "pem" });
add("signature", "none", "alg none, no signature", "token-invalid", idToken((token, { claims }) => compact({ alg: "none", typ: "JWT" }, claims)));
add("signature", "None", "alg None, no signature", "token-invalid", idToken((token, { claims }) => compact({ alg: "None", typ: "JWT" }, claims)));
add("signature", "no alg", "the header names no algorithm", "token-invalid", provider(() => ({ header: ({ kid }) => ({ kid, typ: "JWT" }) })));
add("signature", "HS256 with the public key", "a MAC under the public key's PEM", "token-invalid", idToken((token, { claims, header }, w) => compact({ ...header, alg: "HS256" }, claims, publicPem(w))));
add("signature", "HS256 with the client's secret", "a MAC under the secret that app and provider share", "token-invalid", idToken((token, { claims, header }, w) => compact({ ...header, alg: "HS256" }, claims, w.one.clientSecret)), { design: "OpenID Connect allows it where it is registered" });
add("signature", "by another key", "another key under the known kid", "token-invalid", idToken((token, { claims, header }) => compact(header, claims, strangersKey())));
add("signature", "kid unknown", "another key under an unknown kid", "token-invalid", idToken((token, { claims, header }) => compact({ ...header, kid: "unknown" }, claims, strangersKey())));
add("signature", "jwk in the header", "another key, which the header brings along", "token-invalid", idToken((token, { claims, header }) => {
  const key = strangersKey();
  return compact({ ...header, jwk: createPublicKey(key).export({ format: "jwk" }) }, claims, key);
}));
add("signature", "by provider two", "provider two's key under its own kid", "token-invalid", idToken((token, { claims }, w) => w.two.sign(claims)));
add("signature", "crit", "the header names an extension that must be understood", "token-invalid", provider(() => ({ header: (good) => ({ ...good, crit: ["unknown"], unknown: true }) })));
add("signature", "empty", "no signature under RS256", "token-invalid", idToken((token) => token.replace(/[^.]*$/, "")));
add("signature", "truncated", "ten characters of it are missing", "token-invalid", idToken((token) => token.slice(0, -10)));
add("signature", "payload changed", "another subject under the signature", "token-invalid", idToken((token, { header, claims }) => {
  const [, , signature] = token.split(".");
  return `${compact(header, { ...claims, sub: "mallory" })}${signature}`;
}));
add("signature", "four parts", "a part is added", "token-invalid", idToken((token) => `${token}.AAAA`));
add("signature", "padded", "= at the end of the signature", "token-invalid", idToken((token) => `${token}==`), { design: "takes padding" });
add("signature", "typ of another kind", "typ logout+jwt, else a good token", "token-invalid", provider(() => ({ header: (good) => ({ ...good, typ: "logout+jwt" }) })), { design: "does not read typ" });
add("signature", "names twice", "sub twice, the second the victim's of choice", "token-invalid", idToken((token, { header, claims }, w) => compact(header, JSON.stringify(claims).replace(/}$/, ',"sub":"mallory"}'), w.one.key)), { design: "reads the last" });
add("signature", "huge", "a claim of 40,000 characters", ["token-invalid", "exchange-failed"], claims({ padding: "A".repeat(40_000) }), { design: "has a higher limit" });

// ID token: claims

add("claims", "aud of another", "another client", "token-invalid", claims({ aud: "app-three" }));
add("claims", "aud absent", "no aud", "token-invalid", claims({ aud: undefined }));
add("claims", "aud a number", "a number", "token-invalid", claims({ aud: 7 }));
add("claims", "aud with a stranger", "a list with this client and a stranger", "token-invalid", claims(({ aud }) => ({ aud: [aud, "stranger"] })), { design: "lets strangers into the list" });
add("claims", "aud with a stranger, azp ours", "the same, with azp", "token-invalid", claims(({ aud }) => ({ aud: [aud, "stranger"], azp: aud })), { design: "lets strangers into the list" });
add("claims", "azp of another", "azp names another client", "token-invalid", claims({ azp: "app-three" }));
add("claims", "iss of another", "another issuer", "token-invalid", claims({ iss: "https://accounts.example" }));
add("claims", "iss absent", "no iss", "token-invalid", claims({ iss: undefined }));
add("claims", "iss a list", "a list with the right one in it", "token-invalid", claims(({ iss }) => ({ iss: [iss] })));
add("claims", "iss with a slash", "a slash is added", "token-invalid", claims(({ iss }) => ({ iss: `${iss}/` })), { design: "passes over a slash at the end" });
add("claims", "exp past", "an hour ago", ["token-invalid", "clock"], claims(() => ({ exp: soon(-3600) })));
add("claims", "exp absent", "no exp", "token-invalid", claims({ exp: undefined }));
add("claims", "exp a text", "a text that holds a number", "token-invalid", claims(() => ({ exp: `${soon(3600)}` })));
add("claims", "iat in the future", "in an hour", ["clock", "token-invalid"], claims(() => ({ iat: soon(3600), exp: soon(7200) })));
add("claims", "iat absent", "no iat", "token-invalid", claims({ iat: undefined }));
add("claims", "iat before the attempt", "a day ago", ["token-invalid", "clock"], claims(() => ({ iat: soon(-86_400) })), { design: "does not compare it with the attempt" });
add("claims", "nbf in the future", "in an hour", ["clock", "token-invalid"], claims(() => ({ nbf: soon(3600) })));
add("claims", "sub absent", "no sub", "token-invalid", claims({ sub: undefined }));
add("claims", "sub empty", "an empty text", "token-invalid", claims({ sub: "" }));
add("claims", "sub a number", "a number", "token-invalid", claims({ sub: 7 }));
add("claims", "sub too long", "300 characters (OpenID Connect: 255)", "token-invalid", claims({ sub: "a".repeat(300) }), { design: "has no limit" });
add("claims", "at_hash wrong", "of another access token", "token-invalid", claims(({ at_hash }) => ({ at_hash: flipped(at_hash) })));
add("claims", "e-mail not verified", "a gate asks for a verified address", "email-not-verified", claims({ email_verified: false }), { needs: { gate: true } });
add("claims", "e-mail verified by a text", "email_verified is the text false", ["email-not-verified", "token-invalid"], claims({ email_verified: "false" }), { needs: { gate: true } });
add("claims", "UserInfo of another", "UserInfo names another subject", ["token-invalid", "exchange-failed"], async (w) => {
  w.one.change = { userinfo: (good) => ({ ...good, sub: "mallory", email: "mallory@example.com" }) };
  await w.signIn();
  // Whoever signs in without what UserInfo says has not been deceived.
  return (await w.who()) && (await w.app.email(w.victim)) === "mallory@example.com" && "mallory@example.com";
}, { needs: { userInfo: true } });

// The token endpoint's answer

add("token answer", "500", "status 500", "exchange-failed", raw(500, JSON_TYPE, '{"error":"server_error"}'));
add("token answer", "HTML", "a page", "exchange-failed", raw(200, { "content-type": "text/html" }, "<h1>welcome</h1>"));
add("token answer", "empty", "no body", "exchange-failed", raw(200, JSON_TYPE, ""));
add("token answer", "cut short", "half of a document", "exchange-failed", raw(200, JSON_TYPE, '{"access_token":"x","token_type":"Bearer","id_tok'));
add("token answer", "redirect", "to an address that gives out tokens", ["exchange-failed", "provider-unreachable", "begins anew"], async (w) => {
  const { ask, callback } = await w.begin();
  const good = { access_token: "x", token_type: "Bearer", id_token: w.one.sign({ ...w.one.claims(ask, "x") }) };
  w.one.change = { reply: { token: (response) => response.writeHead(307, { location: `${w.two.issuer}/token` }).end() } };
  w.two.change = { reply: { token: (response) => response.writeHead(200, JSON_TYPE).end(JSON.stringify(good)) } };
  await w.deliver(callback);
  return (await w.who()) || (w.two.tokens.length > 0 && "code and secret went to the other address");
});
add("token answer", "an error with tokens", "status 400 with good tokens beside the error", "exchange-failed", async (w) => {
  const { ask, callback } = await w.begin();
  const good = { error: "invalid_grant", access_token: "x", token_type: "Bearer", id_token: w.one.sign(w.one.claims(ask, "x")) };
  w.one.change = { reply: { token: (response) => response.writeHead(400, JSON_TYPE).end(JSON.stringify(good)) } };
  await w.deliver(callback);
});
add("token answer", "no ID token", "id_token is missing", ["exchange-failed", "token-invalid"], answer(({ id_token, ...rest }) => rest));
add("token answer", "ID token an object", "id_token is its claims as JSON", ["exchange-failed", "token-invalid"], answer((good, w) => ({ ...good, id_token: { sub: w.account, iss: w.one.issuer } })));
add("token answer", "no access token", "access_token is missing", ["exchange-failed", "token-invalid"], answer(({ access_token, ...rest }) => rest), { design: "needs the ID token only" });
add("token answer", "token_type mac", "an unknown token_type", ["exchange-failed", "token-invalid"], answer((good) => ({ ...good, token_type: "mac" })), { design: "does not read token_type" });
add("token answer", "token_type absent", "no token_type", ["exchange-failed", "token-invalid"], answer(({ token_type, ...rest }) => rest), { design: "does not read token_type" });
add("token answer", "huge", "20 MB beside good tokens", ["exchange-failed", "provider-unreachable", "begins anew"], answer((good) => ({ ...good, padding: "A".repeat(20e6) })), { design: "has no limit" });
add("token answer", "slow", "good tokens after 8 s", ["exchange-failed", "provider-unreachable", "begins anew"], async (w) => {
  const { ask, callback } = await w.begin();
  const good = { access_token: "x", token_type: "Bearer", id_token: w.one.sign(w.one.claims(ask, "x")) };
  w.one.change = { reply: { token: (response) => setTimeout(() => response.writeHead(200, JSON_TYPE).end(JSON.stringify(good)), 8_000) } };
  await w.deliver(callback);
}, { slow: true, design: "waits longer" });
add("token answer", "cut off", "the connection ends within the answer", ["exchange-failed", "provider-unreachable", "begins anew"], provider(() => ({
  reply: { token: (response) => (response.writeHead(200, { ...JSON_TYPE, "content-length": "5000" }), response.write('{"access_token":'), setTimeout(() => response.destroy(), 20)) },
})));

// Discovery and keys: the app meets a provider that does this from the start

add("documents", "issuer of another", "discovery names another issuer", ["provider-unreachable", "exchange-failed"], (w) => w.signIn().catch(ifRefused), { needs: { before: (one) => (one.change.discovery = (d) => ({ ...d, issuer: "https://accounts.example" })) }, discovery: true });
add("documents", "keys behind a redirect", "the keys' address redirects to keys of another", ["provider-unreachable", "begins anew"], async (w) => {
  w.one.change = { reply: { keys: (response) => response.writeHead(302, { location: `${w.two.issuer}/keys` }).end() }, idToken: (token, { claims }) => w.two.sign(claims) };
  await w.signIn();
}, { needs: { fresh: true }, design: "follows the provider's redirect" });
add("documents", "a symmetric key", "an oct key in the key set, and a MAC under it", ["token-invalid", "provider-unreachable"], async (w) => {
  const bytes = Buffer.alloc(32, 7);
  w.one.change = {
    keys: ({ keys }) => ({ keys: [...keys, { kty: "oct", k: bytes.toString("base64url"), kid: "shared", alg: "HS256", use: "sig" }] }),
    idToken: (token, { claims }) => compact({ alg: "HS256", kid: "shared", typ: "JWT" }, claims, bytes),
  };
  await w.signIn();
}, { needs: { fresh: true } });
add("documents", "a key for encryption", "the signing key is marked use enc", ["token-invalid", "provider-unreachable"], async (w) => {
  w.one.change = { keys: ({ keys: [key] }) => ({ keys: [{ ...key, use: "enc" }] }) };
  await w.signIn();
}, { needs: { fresh: true }, design: "does not read use" });
add("documents", "a key of 1,024 bits", "signed by a key that is too short", ["token-invalid", "provider-unreachable"], async (w) => {
  const key = newKey(1024);
  w.one.change = {
    keys: () => ({ keys: [{ ...createPublicKey(key).export({ format: "jwk" }), kid: "short", alg: "RS256", use: "sig" }] }),
    idToken: (token, { claims }) => w.one.sign(claims, { kid: "short" }, key),
  };
  await w.signIn();
}, { needs: { fresh: true }, design: "takes short keys" });

// Error answers

const refusedBy = (error, more = {}) => address((a) => Object.entries({ error, ...more }).reduce((at, [name, value]) => beside(name, value)(at), without("code")(a)));
add("error answer", "access_denied", "the person has said no", "cancelled", refusedBy("access_denied"));
add("error answer", "server_error", "the provider has failed", "provider-refused", refusedBy("server_error"));
add("error answer", "login_required", "the provider would have to ask", "provider-refused", refusedBy("login_required"));
add("error answer", "HTML in its description", "markup in error_description: is it shown as markup?", "provider-refused", async (w) => {
  await refusedBy("server_error", { error_description: "<img src=x onerror=alert(1)>" })(w);
  return (await w.who()) || (/<img src=x/.test(w.shown.body) && "the page has the markup");
});
add("error answer", "without a state", "an error and a text of a stranger's: are they shown?", "state", async (w) => {
  const { callback } = await w.begin();
  await w.deliver(without("code")(without("state")(beside("error_description", "call 555-0100")(beside("error", "access_denied")(callback)))));
  return (await w.who()) || (w.shown.body.includes("555-0100") && "the page has the stranger's text");
}, { design: "shows the provider's text unasked" });

// Requests of another kind

add("request", "HEAD", "HEAD, as a scanner of links sends it: is the attempt used up?", null, async (w) => {
  const { callback, ask } = await w.begin();
  await w.deliver(callback, w.victim, { method: "HEAD" });
  return (await w.who()) || (w.exchanges(ask) > 0 && "the code is used up");
}, { design: "answers HEAD as GET" });
add("request", "cross-site POST", "the callback's parameters in a form of another site", null, async (w) => {
  const { callback } = await w.begin();
  const [at, body] = callback.split("?");
  await w.deliver(at, w.victim, { method: "POST", body, crossPost: true, headers: { "content-type": "application/x-www-form-urlencoded", origin: "https://attacker.example" } });
});
add("request", "POST with the cookies", "the same, with cookies that a browser would not send", null, async (w) => {
  const { callback } = await w.begin();
  const [at, body] = callback.split("?");
  await w.deliver(at, w.victim, { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded", origin: "https://attacker.example" } });
}, { design: "takes the form_post response mode" });
add("request", "Host of another", "a sign-in asked for under a foreign Host: does the callback lead there?", null, async (w) => {
  const attempt = await w.begin(w.victim, "one", { headers: { host: "attacker.example" } }).catch(ifRefused);
  return attempt?.authorize.includes("attacker.example") && "the redirect address is the attacker's";
});
add("request", "X-Forwarded-Host of another", "the same by X-Forwarded-Host", null, async (w) => {
  const attempt = await w.begin(w.victim, "one", { headers: { "x-forwarded-host": "attacker.example", "x-forwarded-proto": "https" } }).catch(ifRefused);
  return attempt?.authorize.includes("attacker.example") && "the redirect address is the attacker's";
});
add("request", "prefetch", "a browser fetches the sign-in's address ahead: does an attempt begin?", null, async (w) => {
  const begun = await w.begin(w.victim, "one", { headers: { "sec-purpose": "prefetch", purpose: "prefetch", "sec-fetch-dest": "empty" } }).catch(ifRefused);
  return begun?.attempt.length > 0 && "an attempt begins";
}, { design: "does not ask" });
for (const [name, to] of [["to another site", "https://attacker.example/"], ["with two slashes", "//attacker.example/"], ["with a backslash", "/\\attacker.example/"], ["with a user", (origin) => `${origin.replace("http://", "http://x")}@attacker.example/`]]) {
  add("return", name, "where to go after the sign-in is the attacker's address", null, async (w) => {
    const away = typeof to === "function" ? to(w.app.origin) : to;
    const attempt = await w.begin(w.victim, "one", { to: away }).catch(ifRefused);
    if (!attempt) return false;
    await w.deliver(attempt.callback);
    const { elsewhere } = w.shown;
    return elsewhere !== undefined && new URL(elsewhere).hostname.endsWith("attacker.example") && `leads to ${elsewhere}`;
  }, { outward: true });
}

export const attacks = table;
