// The real `auth0` SDK and `apply-cookies auth0` beside each other, against one tenant: for each act
// both make the same requests, and hear the same errors.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, test } from "node:test";

import { ManagementClient } from "auth0";
import { AuthenticationClient } from "auth0/legacy";

import { CLIENT, Tenant, error } from "./tenant.mjs";

const { PROGRAM, CERTIFICATES } = process.env;
const FIELDS = "user_id,email,email_verified,name,blocked,logins_count,last_login,app_metadata,identities";
const ADA = "auth0|ada";
const tenant = new Tenant();
let domain;

before(async () => {
  const file = (name) => readFileSync(`${CERTIFICATES}/${name}.pem`);
  domain = `localhost:${await tenant.listen(file("key"), file("leaf"))}`;
});
after(() => tenant.server.close());
beforeEach(() => tenant.reset());

// A client of its own for each act: both ask for a token once.
const sdk = (options) => new ManagementClient({ domain, clientId: CLIENT.id, clientSecret: CLIENT.secret,
  telemetry: false, maxRetries: 0, ...options });

function ours(args, environment) {
  const env = { AUTH0_DOMAIN: domain, AUTH0_CLIENT_ID: CLIENT.id, AUTH0_CLIENT_SECRET: CLIENT.secret,
    AUTH0_CA_FILE: `${CERTIFICATES}/ca.pem`, ...environment };
  return new Promise((ended) => {
    execFile(PROGRAM, ["auth0", ...args], { env, timeout: 30_000 }, (failure, stdout, stderr) => {
      ended({ code: failure?.code ?? 0, stdout, stderr });
    });
  });
}

// What is random is compared by its form.
const known = (requests) => requests.map(({ body, ...request }) => ({
  ...request,
  body: body?.password ? { ...body, password: body.password.length >= 40 } : body,
}));

async function requestsOf(act) {
  tenant.reset();
  const result = await act();
  return { requests: known(tenant.requests), mailed: tenant.mailed, users: tenant.users, given: tenant.given, result };
}

const query = { fields: FIELDS, include_fields: true };
const ticket = (user_id, ttl_sec) => ({ user_id, ttl_sec, mark_email_as_verified: false });
// All pages, as the SDK's own iterator reads them.
const all = async (pages) => {
  const found = [];
  for await (const role of await pages) found.push(role);
  return found;
};
const idsOf = async (client, names) => {
  const roles = await all(client.roles.list({ per_page: 50, page: 0, include_totals: true }));
  return names.map((name) => roles.find((role) => role.name === name).id);
};
const list = (page, q) => sdk().users.list({ page, per_page: 25, include_totals: true, ...query, search_engine: "v3", q });
const search = "email:ada\\ l* OR name:ada\\ l* OR given_name:ada\\ l* OR family_name:ada\\ l* OR nickname:ada\\ l* OR name:*ada\\ l";

const ACTS = {
  "list": [["list"], () => list(0)],
  "list, another page": [["list", "--page", "2"], () => list(2)],
  "list, searched": [["list", "ada l"], () => list(0, search)],
  "list, by what Lucene reads": [["list", 'a" OR *'], () => list(0,
    ["email:", "name:", "given_name:", "family_name:", "nickname:"].map((field) => `${field}a\\"\\ OR\\ \\**`).concat('name:*a\\"\\ OR\\ \\*').join(" OR "))],
  "invite": [["invite", "zoe@example.com", "--connection", "sales-users", "--role", "admin", "--role", "viewer"], async () => {
    const client = sdk();
    const roles = await idsOf(client, ["admin", "viewer"]);
    const made = await client.users.create({ connection: "sales-users", email: "zoe@example.com", password: "x".repeat(47),
      email_verified: false, verify_email: false, app_metadata: { invited: true, invited_by: CLIENT.id } });
    await client.users.roles.assign(made.user_id, { roles });
    await client.tickets.changePassword(ticket(made.user_id, 432_000));
  }],
  "invite without a role": [["invite", "zoe@example.com", "--connection", "sales-users"], async () => {
    const client = sdk();
    const made = await client.users.create({ connection: "sales-users", email: "zoe@example.com", password: "x".repeat(47),
      email_verified: false, verify_email: false, app_metadata: { invited: true, invited_by: CLIENT.id } });
    await client.tickets.changePassword(ticket(made.user_id, 432_000));
  }],
  "roles": [["roles", ADA], () => all(sdk().users.roles.list(ADA, { per_page: 50, page: 0, include_totals: true }))],
  "roles, changed": [["roles", ADA, "viewer", "admin"], async () => {
    const client = sdk();
    const [, admin] = await idsOf(client, ["viewer", "admin"]);
    await all(client.users.roles.list(ADA, { per_page: 50, page: 0, include_totals: true }));
    await client.users.roles.delete(ADA, { roles: ["rol_5"] });
    await client.users.roles.assign(ADA, { roles: [admin] });
  }],
  "roles, all taken away": [["roles", ADA, "--none"], async () => {
    const client = sdk();
    await all(client.users.roles.list(ADA, { per_page: 50, page: 0, include_totals: true }));
    await client.users.roles.delete(ADA, { roles: ["rol_3", "rol_5"] });
  }],
  "verify": [["verify", ADA], () => sdk().users.update(ADA, { email_verified: true })],
  "verify by mail": [["verify", "--mail", ADA], () => sdk().jobs.verificationEmail.create({ user_id: ADA })],
  "link for somebody invited": [["link", "auth0|new", "--ttl", "600"], async () => {
    const client = sdk();
    await client.users.get("auth0|new", query);
    await client.tickets.changePassword(ticket("auth0|new", 600));
  }],
  "mail instead of a link": [["link", ADA], async () => {
    await sdk().users.get(ADA, query);
    const client = new AuthenticationClient({ domain, clientId: CLIENT.id, telemetry: false });
    await client.database.changePassword({ email: "ada@example.com", connection: "sales-users" });
  }],
  "block": [["block", ADA], () => sdk().users.update(ADA, { blocked: true })],
  "unblock": [["block", "--undo", ADA], () => sdk().users.update(ADA, { blocked: false })],
  "block by address": [["block", "Eve@example.com"], async () => {
    const client = sdk();
    const [found] = await client.users.listUsersByEmail({ email: "eve@example.com", ...query });
    await client.users.update(found.user_id, { blocked: true });
  }],
  "an id of another provider": [["block", "google-oauth2|1"], () => sdk().users.update("google-oauth2|1", { blocked: true })],
};

for (const [name, [args, act]] of Object.entries(ACTS)) {
  test(`${name}: both make the same requests`, async () => {
    const theirs = await requestsOf(act);
    const own = await requestsOf(() => ours(args));
    assert.equal(own.result.code, 0, own.result.stderr);
    assert.ok(theirs.requests.length >= 2);
    assert.deepEqual(own.requests, theirs.requests);
    for (const part of ["mailed", "users", "given"]) assert.deepEqual(own[part], theirs[part], part);
  });
}

const limited = (headers) => error(429, "Too Many Requests", "Global limit has been reached", "too_many_requests", headers);
// Of the first request after the token: what answers, how often the SDK asks again, what both say.
const ERRORS = {
  "the user exists": [["invite", "ada@example.com"], (client) => client.users.create({ connection: "x", email: "ada@example.com" }), [], 409, "auth0_idp_error"],
  "no such user": [["block", "auth0|nobody"], (client) => client.users.update("auth0|nobody", { blocked: true }), [], 404, "inexistent_user"],
  "a scope is missing": [["block", ADA], (client) => client.users.update(ADA, { blocked: true }),
    [error(403, "Forbidden", "Insufficient scope, expected any of: update:users", "insufficient_scope")], 403, "insufficient_scope"],
  "a wrong body": [["block", ADA], (client) => client.users.update(ADA, { blocked: true }),
    [error(400, "Bad Request", "Payload validation error", "invalid_body")], 400, "invalid_body"],
  "Auth0 fails": [["block", ADA], (client) => client.users.update(ADA, { blocked: true }), [error(500, "Internal Server Error", "", "internal_error")], 500, "500"],
  "Auth0 is away": [["block", ADA], (client) => client.users.update(ADA, { blocked: true }), [error(503, "Service Unavailable", "", "unavailable")], 503, "503"],
  "too many requests for long": [["block", ADA], (client) => client.users.update(ADA, { blocked: true }), [limited({ "retry-after": "600" })], 429, "600 s"],
};

for (const [name, [args, act, faults, status, said]] of Object.entries(ERRORS)) {
  test(`${name}: both hear it`, async () => {
    const theirs = await requestsOf(async () => {
      tenant.faults = structuredClone(faults);
      return act(sdk()).then(() => undefined, (thrown) => thrown);
    });
    assert.equal(theirs.result?.statusCode, status);
    if (!/\d/.test(said)) assert.equal(theirs.result.body.errorCode, said);
    const own = await requestsOf(() => {
      tenant.faults = structuredClone(faults);
      return ours(args);
    });
    assert.equal(own.result.code, 1);
    assert.ok(own.result.stderr.includes(said), own.result.stderr);
    assert.ok(!own.result.stderr.includes(CLIENT.secret) && !own.result.stderr.includes("token-0"));
    assert.deepEqual(own.requests.map((r) => r.method + r.path), theirs.requests.map((r) => r.method + r.path));
  });
}

test("too many requests for a moment: both ask once more", async () => {
  const faults = [limited({ "retry-after": "1", "x-ratelimit-reset": "0" })];
  const theirs = await requestsOf(() => {
    tenant.faults = [...faults];
    return sdk({ maxRetries: 1 }).users.update(ADA, { blocked: true });
  });
  const own = await requestsOf(() => {
    tenant.faults = [...faults];
    return ours(["block", ADA]);
  });
  assert.equal(own.result.code, 0, own.result.stderr);
  assert.equal(own.requests.length, 3);
  assert.deepEqual(own.requests, theirs.requests);
});

test("a wrong secret: both are refused", async () => {
  const theirs = await sdk({ clientSecret: "wrong" }).users.get(ADA).catch((thrown) => thrown);
  assert.equal(theirs.statusCode, 401);
  const own = await ours(["list"], { AUTH0_CLIENT_SECRET: "wrong" });
  assert.equal(own.code, 1);
  assert.match(own.stderr, /refuses the client id or its secret \(access_denied\)/);
});

test("a certificate that nobody vouches for is refused, and no secret is sent", async () => {
  const own = await ours(["list"], { AUTH0_CA_FILE: "" });
  assert.equal(own.code, 1);
  assert.match(own.stderr, /cannot be reached/);
  assert.deepEqual(tenant.requests, []);
});

test("what the program prints", async () => {
  const listed = await ours(["list", "--json"]);
  const people = listed.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(people.length, 25);
  assert.deepEqual(people[0], { id: ADA, email: "ada@example.com", email_verified: true, name: "Ada Lovelace",
    blocked: false, invited: false, logins_count: 3, last_login: "2026-06-01T09:30:00.000Z" });
  assert.match(listed.stderr, /63 in all; --page 1 has more/);
  assert.equal((await ours(["list", "--page", "2"])).stdout.trim().split("\n").length, 13);
  assert.match((await ours(["list"])).stdout, /^auth0\|new\tnew@example.com\tAda Lovelace\tnever signed in, not verified$/m);
  assert.equal((await ours(["roles", ADA])).stdout, "viewer\nrole 5\n");
  const invited = await ours(["invite", "zoe@example.com"]);
  assert.match(invited.stdout, /^auth0\|63\nhttps:\/\/tenant\.example\/lo\/reset\?ticket=auth0\|63\n$/);
  assert.match((await ours(["link", "zoe@example.com"])).stdout, /^https:/);
  assert.equal((await ours(["link", ADA])).stdout, "Auth0 has sent an e-mail\n");
  assert.match((await ours(["link", "google-oauth2|1"])).stderr, /signs in elsewhere/);
  assert.match((await ours(["block", "nobody@example.com"])).stderr, /nobody has the e-mail address/);
  assert.match((await ours(["roles", ADA, "Admin"])).stderr, /there is no role "Admin"/);
});
