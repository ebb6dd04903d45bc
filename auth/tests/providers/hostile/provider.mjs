// A provider that does what a good one never does. Left alone it is a correct one: it signs `account` in
// at once, checks PKCE, the client's secret and the redirect address, and gives a code out once. A test
// changes one thing of an answer with a function in `change`.

import { createHash, createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import http from "node:http";

const base64url = (bytes) => Buffer.from(bytes).toString("base64url");
const sha256 = (text) => createHash("sha256").update(text).digest();
export const newKey = (modulusLength = 2048) => generateKeyPairSync("rsa", { modulusLength }).privateKey;

/** The same for all providers of this name in a run: making one takes a while. */
const keys = new Map();
const keyOf = (name) => keys.get(name) ?? keys.set(name, newKey()).get(name);

/** A key that no provider has published. */
export const strangersKey = () => keyOf("a stranger");

/** A compact JWS over these very bytes. `key`: a private key, or bytes for HS256, or none for no signature. */
export function compact(header, payload, key) {
  const text = (part) => (typeof part === "string" ? part : JSON.stringify(part));
  const input = `${base64url(text(header))}.${base64url(text(payload))}`;
  if (!key) return `${input}.`;
  const mac = Buffer.isBuffer(key) || typeof key === "string";
  return `${input}.${base64url(mac ? createHmac("sha256", key).update(input).digest() : sign("sha256", Buffer.from(input), key))}`;
}

/**
 * Functions in `change`, each given what would be sent and the request that it answers:
 * `discovery(document)`, `keys(set)`, `callback(parameters, ask)` (a list of pairs), `token(answer, ask)`,
 * `header(header)`, `claims(claims, ask)`, `idToken(token, parts)` (the last word), `userinfo(claims)`;
 * `reply.discovery|keys|token(response)` answers in the provider's place; `pkce: false` forgets the challenge.
 */
export async function startHostile({ name, clientId, clientSecret }) {
  const key = keyOf(name);
  const provider = { name, clientId, clientSecret, key, kid: `${name}-1`, publicKey: createPublicKey(key), account: "alice", ahead: 0, change: {}, asked: [], tokens: [], keyFetches: 0, exchanges: new Map() };
  const codes = new Map();
  const accessTokens = new Map();

  provider.rotate = () => {
    provider.key = newKey();
    provider.publicKey = createPublicKey(provider.key);
    provider.kid += "+";
  };
  const json = (response, body, status = 200) => {
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(JSON.stringify(body));
  };

  provider.discovery = () => ({
    issuer: provider.issuer,
    authorization_endpoint: `${provider.issuer}/authorize`,
    token_endpoint: `${provider.issuer}/token`,
    userinfo_endpoint: `${provider.issuer}/userinfo`,
    jwks_uri: `${provider.issuer}/keys`,
    end_session_endpoint: `${provider.issuer}/end`,
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: ["authorization_code"],
    subject_types_supported: ["public"],
    scopes_supported: ["openid", "email", "profile"],
    id_token_signing_alg_values_supported: ["RS256"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  });
  provider.keySet = () => ({ keys: [{ ...provider.publicKey.export({ format: "jwk" }), kid: provider.kid, alg: "RS256", use: "sig" }] });

  /** What a good provider says in an ID token. */
  provider.claims = (ask, accessToken) => {
    const now = Math.floor(Date.now() / 1000) + provider.ahead;
    return {
      iss: provider.issuer,
      sub: ask.account,
      aud: clientId,
      exp: now + 3600,
      iat: now,
      auth_time: now,
      nonce: ask.nonce,
      sid: `${name}-${ask.account}`,
      email: `${ask.account}@example.com`,
      email_verified: true,
      name: ask.account,
      at_hash: base64url(sha256(accessToken).subarray(0, 16)),
    };
  };
  provider.sign = (claims, header = {}, by = provider.key) => compact({ alg: "RS256", kid: provider.kid, typ: "JWT", ...header }, claims, by);

  function authorize(request, response, url) {
    const ask = { ...Object.fromEntries(url.searchParams), account: provider.account, code: base64url(randomBytes(24)) };
    provider.asked.push(ask);
    codes.set(ask.code, ask);
    const parameters = [["code", ask.code], ["state", ask.state], ["iss", provider.issuer]];
    const changed = provider.change.callback?.(parameters, ask) ?? parameters;
    const query = changed.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
    response.writeHead(302, { location: `${ask.redirect_uri}?${query}` }).end();
  }

  async function token(request, response) {
    let body = "";
    for await (const part of request) body += part;
    const form = Object.fromEntries(new URLSearchParams(body));
    provider.tokens.push(form);
    const { change } = provider;
    const ask = codes.get(form.code);
    const refuse = (error, why) => json(response, { error, error_description: why }, 400);
    if (!ask) return refuse("invalid_grant", "no such code");
    const exchanges = (provider.exchanges.get(form.code) ?? 0) + 1;
    provider.exchanges.set(form.code, exchanges);
    if (exchanges > 1) return refuse("invalid_grant", "the code has been used");
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? "");
    const [id, secret] = basic ? Buffer.from(basic[1], "base64").toString().split(":").map(decodeURIComponent) : [form.client_id, form.client_secret];
    if (id !== clientId || secret !== clientSecret) return refuse("invalid_client", "the secret is wrong");
    if (form.redirect_uri !== ask.redirect_uri) return refuse("invalid_grant", "another redirect address");
    const challenged = ask.code_challenge && ask.code_challenge_method === "S256";
    if (change.pkce !== false && challenged && base64url(sha256(form.code_verifier ?? "")) !== ask.code_challenge) {
      return refuse("invalid_grant", "the verifier is another");
    }
    if (change.reply?.token) return change.reply.token(response);
    const accessToken = base64url(randomBytes(24));
    accessTokens.set(accessToken, ask);
    const plain = provider.claims(ask, accessToken);
    const claims = change.claims?.(plain, ask) ?? plain;
    const header = { alg: "RS256", kid: provider.kid, typ: "JWT" };
    const changedHeader = change.header?.(header) ?? header;
    const signed = compact(changedHeader, claims, provider.key);
    const idToken = change.idToken?.(signed, { header: changedHeader, claims, ask }) ?? signed;
    const answer = { access_token: accessToken, token_type: "Bearer", expires_in: 3600, scope: "openid", id_token: idToken };
    json(response, change.token?.(answer, ask) ?? answer);
  }

  const server = http.createServer((request, response) => {
    const url = new URL(request.url, "http://localhost");
    const { change } = provider;
    switch (url.pathname) {
      case "/.well-known/openid-configuration": {
        if (change.reply?.discovery) return change.reply.discovery(response);
        const document = provider.discovery();
        return json(response, change.discovery?.(document) ?? document);
      }
      case "/keys": {
        provider.keyFetches += 1;
        if (change.reply?.keys) return change.reply.keys(response);
        const set = provider.keySet();
        return json(response, change.keys?.(set) ?? set);
      }
      case "/authorize":
        return authorize(request, response, url);
      case "/token":
        return token(request, response).catch(() => response.destroy());
      case "/userinfo": {
        const ask = accessTokens.get(/^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1]);
        if (!ask) return json(response, { error: "invalid_token" }, 401);
        const claims = { sub: ask.account, email: `${ask.account}@example.com`, email_verified: true };
        return json(response, change.userinfo?.(claims) ?? claims);
      }
      case "/end": {
        const back = url.searchParams.get("post_logout_redirect_uri");
        const state = url.searchParams.get("state");
        if (!back) return response.end("signed out");
        return response.writeHead(302, { location: state ? `${back}?state=${encodeURIComponent(state)}` : back }).end();
      }
      default:
        return response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  provider.issuer = `http://127.0.0.1:${server.address().port}`;
  provider.stop = () => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  };
  return provider;
}
