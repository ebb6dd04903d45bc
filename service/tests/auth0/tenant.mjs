// An Auth0 tenant in its place: the token endpoint and as much of the Management API as looks after
// people, over TLS. It keeps its people in memory, records each request, takes only what the published
// schemas allow, and answers in their shapes.

import { createServer } from "node:https";

// What a body may have, by the schemas of these pages.
const SCHEMAS = {
  // https://auth0.com/docs/api/management/v2/users/post-users
  "POST users": ["email", "phone_number", "user_metadata", "blocked", "email_verified", "phone_verified",
    "app_metadata", "given_name", "family_name", "name", "nickname", "picture", "user_id", "connection",
    "password", "verify_email", "username"],
  // https://auth0.com/docs/api/management/v2/users/patch-users-by-id
  "PATCH users/:id": ["blocked", "email_verified", "email", "phone_number", "phone_verified",
    "user_metadata", "app_metadata", "given_name", "family_name", "name", "nickname", "picture",
    "verify_email", "verify_phone_number", "password", "connection", "client_id", "username"],
  // https://auth0.com/docs/api/management/v2/users/post-user-roles
  "POST users/:id/roles": ["roles"],
  // https://auth0.com/docs/api/management/v2/users/delete-user-roles
  "DELETE users/:id/roles": ["roles"],
  // https://auth0.com/docs/api/management/v2/tickets/post-password-change
  "POST tickets/password-change": ["result_url", "user_id", "client_id", "organization_id",
    "connection_id", "email", "ttl_sec", "mark_email_as_verified", "includeEmailInRedirect", "identity"],
  // https://auth0.com/docs/api/management/v2/jobs/post-verification-email
  "POST jobs/verification-email": ["user_id", "client_id", "identity", "organization_id"],
};

export const CLIENT = { id: "Jq3kV8wXz1Lt", secret: "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA" };

// https://auth0.com/docs/api/management/v2/users/get-users-by-id
const person = (id, more) => ({
  user_id: id, email: "ada@example.com", email_verified: true, username: "ada",
  created_at: "2026-05-22T12:00:00.000Z", updated_at: "2026-05-22T12:00:00.000Z",
  identities: [{ connection: "sales-users", user_id: id.split("|")[1], provider: id.split("|")[0], isSocial: false }],
  app_metadata: {}, user_metadata: {}, picture: "https://s.gravatar.com/avatar/x.png", name: "Ada Lovelace",
  nickname: "ada", multifactor: [], last_ip: "192.0.2.1", last_login: "2026-06-01T09:30:00.000Z",
  logins_count: 3, blocked: false, given_name: "Ada", family_name: "Lovelace", ...more,
});

export class Tenant {
  // Everything as at the start, and nothing recorded.
  reset() {
    this.requests = [];
    // Answers to the next requests of the Management API, before all others.
    this.faults = [];
    this.tokens = new Set();
    this.mailed = [];
    this.users = new Map([
      ["auth0|ada", person("auth0|ada")],
      ["auth0|new", person("auth0|new", { email: "new@example.com", logins_count: undefined, last_login: undefined,
        email_verified: false, app_metadata: { invited: true, invited_by: CLIENT.id } })],
      ["google-oauth2|1", person("google-oauth2|1", { email: "eve@example.com" })],
    ]);
    this.roles = Array.from({ length: 120 }, (_, n) => ({
      id: `rol_${n}`, name: n === 117 ? "admin" : n === 3 ? "viewer" : `role ${n}`, description: "",
    }));
    this.given = new Map([["auth0|ada", new Set(["rol_3", "rol_5"])]]);
    for (let n = 0; n < 60; n += 1) this.users.set(`auth0|n${n}`, person(`auth0|n${n}`, { email: `n${n}@example.com` }));
  }

  async listen(key, cert) {
    this.reset();
    this.server = createServer({ key, cert }, (request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        const { status, headers = {}, body } = this.answer(request, Buffer.concat(parts).toString());
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(body === undefined ? undefined : JSON.stringify(body));
      });
    });
    await new Promise((listening) => this.server.listen(0, "127.0.0.1", listening));
    return this.server.address().port;
  }

  answer(request, text) {
    const [path, query = ""] = request.url.split("?");
    const parameters = Object.fromEntries([...new URLSearchParams(query)].sort());
    const form = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
    const body = form ? Object.fromEntries([...new URLSearchParams(text)].sort()) : text ? JSON.parse(text) : undefined;
    this.requests.push({ method: request.method, path, query: parameters, body });
    if (path === "/oauth/token") return this.grant(body);
    // https://auth0.com/docs/api/authentication/database-connections/change-password
    if (path === "/dbconnections/change_password") {
      this.mailed.push(body.email);
      return { status: 200, body: "We've just sent you an email to reset your password." };
    }
    const fault = this.faults.shift();
    if (fault) return fault;
    const token = request.headers.authorization?.replace(/^Bearer /, "");
    if (!this.tokens.has(token)) return error(401, "Unauthorized", "Invalid token", "invalid_token");
    return this.manage(request.method, path.replace(/^\/api\/v2\//, ""), parameters, body);
  }

  // https://auth0.com/docs/secure/tokens/access-tokens/management-api-access-tokens/get-management-api-access-tokens-for-production
  grant(form) {
    const right = form.grant_type === "client_credentials" && form.client_id === CLIENT.id
      && form.client_secret === CLIENT.secret && form.audience.endsWith("/api/v2/");
    if (!right) return { status: 401, body: { error: "access_denied", error_description: "Unauthorized" } };
    const token = `token-${this.tokens.size}`;
    this.tokens.add(token);
    return { status: 200, body: { access_token: token, scope: "read:users", expires_in: 86400, token_type: "Bearer" } };
  }

  manage(method, path, query, body) {
    const [kind, encoded, below] = path.split("/");
    const id = encoded && decodeURIComponent(encoded);
    const name = kind === "users" && id ? ["users/:id", below].filter(Boolean).join("/") : path;
    const allowed = SCHEMAS[`${method} ${name}`];
    const foreign = body && Object.keys(body).find((key) => !allowed?.includes(key));
    if (foreign) return error(400, "Bad Request", `Payload validation error: 'Additional properties not allowed: ${foreign}'.`, "invalid_body");
    const user = this.users.get(name.startsWith("users/:id") ? id : body?.user_id);
    const absent = error(404, "Not Found", "The user does not exist.", "inexistent_user");
    const page = (all, key) => {
      const [limit, start] = [Number(query.per_page), Number(query.page) * Number(query.per_page)];
      const shown = all.slice(start, start + limit);
      return { status: 200, body: { start, limit, length: shown.length, total: all.length, [key]: shown } };
    };
    const fields = (user) => query.fields
      ? Object.fromEntries(Object.entries(user).filter(([key]) => query.fields.split(",").includes(key))) : user;
    switch (`${method} ${name}`) {
      case "GET users": return page([...this.users.values()].map(fields), "users");
      case "GET users-by-email":
        return { status: 200, body: [...this.users.values()].filter((user) => user.email === query.email).map(fields) };
      case "POST users": {
        if ([...this.users.values()].some((user) => user.email === body.email))
          return error(409, "Conflict", "The user already exists.", "auth0_idp_error");
        const made = person(`auth0|${this.users.size}`, { email: body.email, email_verified: body.email_verified,
          app_metadata: body.app_metadata, logins_count: undefined, last_login: undefined });
        this.users.set(made.user_id, made);
        return { status: 201, body: made };
      }
      case "GET users/:id": return user ? { status: 200, body: fields(user) } : absent;
      case "PATCH users/:id":
        return user ? { status: 200, body: Object.assign(user, body) } : absent;
      case "GET users/:id/roles":
        return user ? page(this.roles.filter((role) => this.given.get(id)?.has(role.id)), "roles") : absent;
      case "POST users/:id/roles":
        this.given.set(id, new Set([...(this.given.get(id) ?? []), ...body.roles]));
        return { status: 204 };
      case "DELETE users/:id/roles":
        for (const role of body.roles) this.given.get(id)?.delete(role);
        return { status: 204 };
      // https://auth0.com/docs/api/management/v2/roles/get-roles
      case "GET roles": return page(this.roles, "roles");
      case "POST tickets/password-change":
        return user ? { status: 201, body: { ticket: `https://tenant.example/lo/reset?ticket=${user.user_id}` } } : absent;
      // https://auth0.com/docs/manage-users/user-accounts/resend-verification-emails
      case "POST jobs/verification-email":
        return user ? { status: 201, body: { type: "verification_email", status: "pending",
          created_at: "2026-06-01T09:30:00.000Z", id: "job_1" } } : absent;
      default: return error(404, "Not Found", `No such endpoint: ${method} ${path}`, "not_found");
    }
  }
}

// https://auth0.com/docs/api/management/v2/introduction, and the responses of each page
export const error = (status, name, message, errorCode, headers) =>
  ({ status, headers, body: { statusCode: status, error: name, message, errorCode } });
