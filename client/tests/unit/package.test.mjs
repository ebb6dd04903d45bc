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

test("the element can be written in TSX", () => {
  const text = (attribute) => `import "apply-cookies";\nexport const it = <apply-cookies ${attribute} key="a" />;\n`;
  assert.equal(compile("app.tsx", text('token="t"'), true), "");
  assert.match(compile("app.tsx", text("token={7}"), true), /TS2322/);
});
