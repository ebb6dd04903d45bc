// Checks the module before it is committed: its types are sound, the committed declarations match
// them, and it stays small.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAX_BYTES = 2000;

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

const scratch = mkdtempSync(join(tmpdir(), "apply-cookies-"));
run(tool("tsc"), ["--outDir", scratch]);
const fresh = readFileSync(join(scratch, "apply-cookies.d.ts"), "utf8");
rmSync(scratch, { recursive: true });
if (fresh !== readFileSync("apply-cookies.d.ts", "utf8")) {
  fail("apply-cookies.d.ts is stale: run `npm run types`");
}

// As a bundler does it: top-level names of a module are its own.
const options = ["--module", "--mangle", "--compress", "passes=3,ecma=2022"];
const minified = run(tool("terser"), ["apply-cookies.js", ...options]);
const bytes = run("gzip", ["-9"], minified).length;
console.log(`apply-cookies.js: ${bytes} bytes minified and gzipped, of ${MAX_BYTES}`);
if (bytes > MAX_BYTES) fail("apply-cookies.js is too large");
