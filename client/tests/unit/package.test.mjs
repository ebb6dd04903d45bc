// The package as npm gets it, in an app written in TypeScript.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const client = fileURLToPath(new URL("../..", import.meta.url));

let app, installed;

before(() => {
  app = mkdtempSync(join(tmpdir(), "apply-cookies-"));
  const [{ filename }] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--pack-destination", app], { cwd: client, encoding: "utf8" }),
  );
  installed = join(app, "node_modules/apply-cookies");
  mkdirSync(join(app, "node_modules"));
  execFileSync("tar", ["-xf", join(app, filename), "-C", app]);
  symlinkSync(join(app, "package"), installed);
});
after(() => rmSync(app, { recursive: true }));

/** What the compiler says about a file of the app; nothing if all is well. */
const compile = (name, text, withReact) => {
  for (const types of ["@types", "csstype"]) {
    const link = join(app, "node_modules", types);
    rmSync(link, { force: true });
    if (withReact) symlinkSync(join(client, "node_modules", types), link);
  }
  writeFileSync(join(app, name), text);
  // Libraries are checked too: ours must be sound with and without React.
  const options = "--strict --noEmit --target es2022 --module esnext --moduleResolution bundler --jsx react-jsx --preserveSymlinks --types";
  const { stdout } = spawnSync(join(client, "node_modules/.bin/tsc"), [...options.split(" "), "", name], {
    cwd: app,
    encoding: "utf8",
  });
  return stdout;
};

test("the package has its licences, and says where its source is", () => {
  for (const name of ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "apply-cookies.js"]) {
    assert(readFileSync(join(installed, name)).length > 0, name);
  }
  const { repository, license } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  assert.match(repository.url, /^git\+https:/);
  assert.equal(repository.directory, "client");
  assert.equal(license, "MIT OR Apache-2.0");
});

test("the modules of the sign-ins are those that the server serves, and a server can import them", () => {
  for (const name of ["sign-in.js", "firebase.js"]) {
    const served = readFileSync(join(client, "../auth/client", name), "utf8");
    assert.equal(readFileSync(join(installed, name), "utf8"), served);
  }
  const imports = 'import { popupSignIn } from "apply-cookies/sign-in"; import { signIn } from "apply-cookies/firebase"; console.log(typeof popupSignIn, typeof signIn)';
  const { stdout, signal } = spawnSync(process.execPath, ["--input-type=module", "--eval", imports], { cwd: app, encoding: "utf8", timeout: 60_000 });
  assert.equal(stdout, "function function\n");
  assert.equal(signal, null, "what they have opened keeps the server alive");
});

const SIGN_INS = `
import { popupSignIn } from "apply-cookies/sign-in";
import { freshToken, settings, signIn, signOut, SignInError } from "apply-cookies/firebase";
new EventSource("/events").addEventListener("sign-in", ({ data }) => popupSignIn(data, () => location.reload()));
settings.prefix = "/auth";
const auth = { currentUser: { getIdToken: async () => "token" }, signOut: async () => {} };
const token: string = await freshToken(auth);
await signIn(auth, "/app").catch((e: unknown) => e instanceof SignInError && e.type);
await signOut(auth);
`;

test("the modules of the sign-ins have types", () => {
  assert.equal(compile("sign-ins.ts", SIGN_INS, false), "");
  assert.match(compile("sign-ins.ts", SIGN_INS.replace("popupSignIn(data,", "popupSignIn(7,"), false), /TS2345/);
});

const EVENTS = `
import { applyCookies, listen, ready, settings, ApplyCookiesError } from "apply-cookies";
document.addEventListener("apply-cookies:failed", (e) => {
  const type: "expired" | "used" | "wrong-browser" | "too-many" | string = e.detail.type;
  const status: number = e.detail.status;
  console.log(type, status, e.detail.type === "invalid");
});
document.addEventListener("apply-cookies:then", ({ detail: { action, path } }) => {
  const where: string | undefined = path;
  console.log(action.length, where);
});
for (const step of ["posted", "applied", "blocked", "elsewhere"] as const) {
  document.addEventListener(\`apply-cookies:\${step}\`, (e) => console.log(e.detail === null));
}
document.createElement("apply-cookies").hidden = true;
settings.lifetime = 5000;
const stop: () => void = listen(() => new EventSource("/events"));
await ready();
await applyCookies("token").catch((e: unknown) => e instanceof ApplyCookiesError && e.type);
stop();
`;

for (const withReact of [false, true]) {
  test(`an app ${withReact ? "with" : "without"} React reads the events' details`, () => {
    assert.equal(compile("app.ts", EVENTS, withReact), "");
  });
}

test("a detail that does not exist is an error", () => {
  const text = EVENTS.replace("e.detail.status", "e.detail.code");
  assert.match(compile("app.ts", text, false), /TS2339/);
});

/** Each library of components, by the packages whose types it needs. */
const COMPONENTS = {
  "React 19": ["react", { "@types/react": "@types/react", csstype: "csstype" }],
  "React 18": ["react", { "@types/react": "types-react-18", "@types/prop-types": "@types/prop-types", csstype: "csstype" }],
  Preact: ["preact", { preact: "preact" }],
  Solid: ["solid-js", { "solid-js": "solid-js", csstype: "csstype" }],
};

/** What the compiler says about a file in a folder with the package and these others alone. */
const compileWith = (packages, name, text, options) => {
  const folder = mkdtempSync(join(tmpdir(), "apply-cookies-"));
  try {
    for (const [place, from] of Object.entries({ ...packages, "apply-cookies": installed })) {
      mkdirSync(join(folder, "node_modules", place, ".."), { recursive: true });
      symlinkSync(from.startsWith("/") ? from : join(client, "node_modules", from), join(folder, "node_modules", place));
    }
    writeFileSync(join(folder, name), text);
    const all = ["--strict", "--noEmit", "--target", "es2022", "--preserveSymlinks", ...options, name];
    return spawnSync(join(client, "node_modules/.bin/tsc"), all, { cwd: folder, encoding: "utf8" }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

for (const [library, [source, packages]] of Object.entries(COMPONENTS)) {
  test(`the element can be written in TSX with ${library}`, () => {
    const jsx = source === "solid-js" ? "preserve" : "react-jsx";
    const options = `--module esnext --moduleResolution bundler --skipLibCheck --jsx ${jsx} --jsxImportSource ${source} --types`;
    const text = (from, attribute) => `import type {} from "${from}";\nexport const it = <apply-cookies ${attribute} />;\n`;
    for (const from of ["apply-cookies", "apply-cookies/jsx"]) {
      assert.equal(compileWith(packages, "app.tsx", text(from, 'token="t"'), [...options.split(" "), ""]), "");
      assert.match(compileWith(packages, "app.tsx", text(from, "token={7}"), [...options.split(" "), ""]), /TS2322/);
    }
  });
}

const SERVERS = {
  express: `
import express from "express";
import { WebSocketServer } from "ws";
import { applyCookies } from "apply-cookies/express";
import { bindHandshake, handleSocket } from "apply-cookies/ws";
import { ApplyCookies, InvalidOperation, type Cookies } from "apply-cookies/server";
const deployment = new ApplyCookies({ origins: ["https://app.example"], service: "unix:/run/api.sock" });
const session = deployment.cookie("app_session", { maxAge: 3600, sameSite: "Strict" });
const app = express();
app.use(applyCookies(deployment));
app.get("/", async (req, res) => {
  const cookies: Cookies = res.cookies;
  cookies.set("a", "b", { maxAge: 3, httpOnly: false });
  cookies.push([session.write({ user: "ada" })], { barrier: true, then: { go: "/" } });
  const taken: boolean = await cookies.delivered();
  const who: string | undefined = cookies.get("a");
  const found = session.find(req);
  res.send(String(taken) + who + found.reason + session.read(req));
});
const sockets = new WebSocketServer({ noServer: true });
sockets.on("headers", bindHandshake);
sockets.on("connection", (ws, req) => handleSocket(ws, req).set("a", "b"));
const [{ token, receipt, expiresAt }] = deployment.mint({ binding: "x", operations: [{ op: "set", name: "a", value: "b" }] });
export const all: (string | number)[] = [token, receipt, expiresAt, InvalidOperation.name];
`,
  fastify: `
import fastify from "fastify";
import { applyCookies } from "apply-cookies/fastify";
const app = fastify();
await app.register(applyCookies, { origins: ["https://app.example"], ttlMs: 1000 });
app.get("/", async (request, reply) => reply.cookies.set("a", "b", { sameSite: "Lax" }));
`,
  hono: `
import { Hono } from "hono";
import { applyCookies } from "apply-cookies/hono";
import { ApplyCookies, respond } from "apply-cookies/edge";
import { Browser } from "apply-cookies/testing";
const deployment = new ApplyCookies({ secret: "x", origins: ["https://app.example"] });
const app = new Hono();
app.use(applyCookies({ dev: true }));
app.use(applyCookies(deployment));
app.get("/", (c) => {
  c.var.cookies.set("a", "b");
  return c.text(c.var.cookies.state);
});
export const answer: Promise<Response> = respond(deployment, new Request("https://app.example"), (cookies) => {
  cookies.delete("a");
  return new Response();
});
export const lines: Promise<string[]> = new Browser(deployment).take("");
`,
};
const TYPES = ["@types", "undici-types", "express", "ws", "fastify", "hono"];

for (const [framework, text] of Object.entries(SERVERS)) {
  test(`an app of ${framework} has the handle's types`, () => {
    const packages = Object.fromEntries(TYPES.map((name) => [name, name]));
    const options = "--module nodenext --skipLibCheck --types node";
    assert.equal(compileWith(packages, "app.mts", text, options.split(" ")), "");
    const wrong = text.replace(/\.(set|push)\("a", "b"/, '.$1("a", 7');
    assert.match(compileWith(packages, "app.mts", wrong, options.split(" ")), /TS2345/);
  });
}
