import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { open, serve } from "./page.mjs";

let site;

before(async () => {
  site = await mkdtemp(join(tmpdir(), "apply-cookies-"));
  await writeFile(join(site, "package.json"), '{"type":"module"}');
});

after(() => rm(site, { recursive: true }));

/** The module as a server would serve it at this path; its address. */
const servedAs = async (path) => {
  const file = join(site, path);
  await mkdir(join(file, ".."), { recursive: true });
  await cp(new URL("../../apply-cookies.js", import.meta.url), file);
  return pathToFileURL(file).href;
};

test("a bundled or copied module posts to the default endpoint", async () => {
  const { settings } = await open();
  assert.equal(settings.endpoint, "/__apply-cookies");
});

test("a module that is served as {prefix}/client.js posts to {prefix}", async () => {
  const address = await servedAs("app/__apply-cookies/client.js");
  const { settings } = await import(address);
  assert.equal(settings.endpoint, address.replace("/client.js", ""));
  assert.match(settings.endpoint, /\/app\/__apply-cookies$/);
});

test("a version in the query or a fragment does not hide the prefix", async () => {
  const address = await servedAs("other/client.js");
  for (const suffix of ["?v=0.1.0", "#x", "?from=/client.js"]) {
    const { settings } = await import(address + suffix);
    assert.equal(settings.endpoint, address.replace("/client.js", ""));
  }
});

test("another module's name that looks alike is not taken for a prefix", async () => {
  for (const address of [
    await servedAs("my-client.js"),
    await servedAs("client.js.mjs"),
    (await servedAs("app.js")) + "?from=/client.js",
  ]) {
    const { settings } = await import(address);
    assert.equal(settings.endpoint, "/__apply-cookies");
  }
});

test("an app can set the endpoint, for tokens and for the binding", async () => {
  const posts = serve();
  const { settings, applyCookies, ready } = await open();
  settings.endpoint = "/elsewhere";
  await applyCookies("a");
  await ready();
  assert.deepEqual(
    posts.map(({ request }) => new URL(request.url).pathname),
    ["/elsewhere", "/elsewhere/bind"],
  );
});
