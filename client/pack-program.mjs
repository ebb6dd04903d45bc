// Makes the package of one platform: `node pack-program.mjs linux x64 ../target/release/apply-cookies OUT`
// writes OUT/package.json and the program. Those of a release have its version, and this package then
// names them as optional dependencies, so that npm installs the one that fits.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [platform, cpu, program, out] = process.argv.slice(2);
if (!out) throw new Error("usage: node pack-program.mjs PLATFORM CPU PROGRAM FOLDER");
const { version, license, repository } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const file = platform === "win32" ? "apply-cookies.exe" : "apply-cookies";
const description = `The program apply-cookies for ${platform} on ${cpu}`;
const about = { name: `@apply-cookies/${platform}-${cpu}`, version, description, license, repository, os: [platform], cpu: [cpu], files: [file] };
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "package.json"), `${JSON.stringify(about, null, 2)}\n`);
copyFileSync(program, join(out, file));
