// The copy that the server hands out: made of the module as it is now, with a lifetime in front.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

import { minify, minifyForServer, readModule, served } from "../../minify.mjs";
import { serve } from "./page.mjs";

let site;
before(async () => {
  site = await mkdtemp(join(tmpdir(), "apply-cookies-"));
  await writeFile(join(site, "package.json"), '{"type":"module"}');
});
after(() => rm(site, { recursive: true }));

test("the committed copy is fresh: `npm run build` makes the same bytes", () => {
  const committed = readFileSync(new URL("../../client.min.js", import.meta.url), "utf8");
  assert.equal(committed, minifyForServer(readModule()));
});

test("the module is small, as bundled and as served", () => {
  for (const text of [minify(readModule()), served(86_400_000)]) {
    assert(gzipSync(text, { level: 9 }).length <= 2600);
  }
});

for (const lifetime of [1000, 5000, 10_000, 600_000, 86_400_000]) {
  test(`as served for a lifetime of ${lifetime} it is a module that knows it, and its prefix`, async () => {
    const folder = join(site, String(lifetime), "cookies");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "client.js"), served(lifetime));
    const address = pathToFileURL(join(folder, "client.js")).href;
    const { settings, applyCookies } = await import(address);
    assert.deepEqual({ ...settings }, { endpoint: address.replace("/client.js", ""), lifetime });
    const posts = serve();
    settings.endpoint = "/cookies";
    await applyCookies("a");
    assert.deepEqual(posts.map(({ token }) => token), ["a"]);
  });
}
