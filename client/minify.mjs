// Makes the copy of the module that the server hands out, `client.min.js`: minified, and without the
// line that says how long tokens live, because the server puts its own in front.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The line of the module that the server writes. */
const LIFETIME = /^const lifetime = \d+;\n/m;

/** As a bundler does it: top-level names of a module are its own. */
export const minify = (source) =>
  execFileSync(at("node_modules/.bin/terser"), ["--module", "--mangle", "--compress", "passes=3,ecma=2022"], {
    input: source,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "inherit"],
  });

export const readModule = () => readFileSync(at("apply-cookies.js"), "utf8");

/** The copy for the server. A name that the module does not declare is one that is not renamed. */
export function minifyForServer(source) {
  if (!LIFETIME.test(source)) throw new Error("apply-cookies.js does not declare `lifetime` in a line of its own");
  return minify(source.replace(LIFETIME, ""));
}

/** What the server sends where tokens live for this many milliseconds. */
export const served = (lifetime) => `const lifetime=${lifetime};\n${readFileSync(at("client.min.js"), "utf8")}`;

if (process.argv[1] === at("minify.mjs")) writeFileSync(at("client.min.js"), minifyForServer(readModule()));
