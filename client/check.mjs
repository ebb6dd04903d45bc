// Checks the module before it is committed: its types are sound, the committed declarations and the
// server's copy match it, and it stays small.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { minify, minifyForServer, readModule, served } from "./minify.mjs";

/** Of the module, minified and compressed with `gzip -9`. */
const MAX_BYTES = 2600;

/** The longest lifetime that tokens can have, in milliseconds: its copy is the longest. */
const MAX_LIFETIME = 86_400_000;

const here = fileURLToPath(new URL(".", import.meta.url));
process.chdir(here);

const fail = (reason) => {
  console.error(reason);
  process.exit(1);
};

const run = (program, args, input) => {
  try {
    return execFileSync(program, args, { input, stdio: ["pipe", "pipe", "inherit"] });
  } catch (error) {
    // tsc reports errors on standard output.
    fail(error.stdout?.length ? error.stdout.toString() : error.message);
  }
};

const tool = (name) => join(here, "node_modules", ".bin", name);

run(tool("tsc"), ["--declaration", "false", "--emitDeclarationOnly", "false", "--noEmit"]);
// The modules of the sign-ins, which `npm pack` copies.
run(tool("tsc"), ["-p", "tsconfig.sign-ins.json", "--declaration", "false", "--emitDeclarationOnly", "false", "--noEmit"]);

// What servers import.
run(tool("tsc"), ["-p", "tsconfig.server.json", "--declaration", "false", "--emitDeclarationOnly", "false", "--noEmit"]);

const scratch = mkdtempSync(join(tmpdir(), "apply-cookies-"));
run(tool("tsc"), ["--outDir", scratch]);
const fresh = readFileSync(join(scratch, "apply-cookies.d.ts"), "utf8");
rmSync(scratch, { recursive: true });
if (fresh !== readFileSync("apply-cookies.d.ts", "utf8")) {
  fail("apply-cookies.d.ts is stale: run `npm run build`");
}

if (minifyForServer(readModule()) !== readFileSync("client.min.js", "utf8")) {
  fail("client.min.js is stale: run `npm run build`");
}

for (const [what, text] of [
  ["as a bundler makes it", minify(readModule())],
  ["as the server sends it", served(MAX_LIFETIME)],
]) {
  const bytes = run("gzip", ["-9"], text).length;
  console.log(`the module ${what}: ${bytes} bytes minified and gzipped, of ${MAX_BYTES}`);
  if (bytes > MAX_BYTES) fail("it is too large");
}
