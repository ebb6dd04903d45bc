// Where the program `apply-cookies` is: named by a variable, in the package of this platform, or on
// the PATH.

import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const FILE = process.platform === "win32" ? "apply-cookies.exe" : "apply-cookies";
const PACKAGE = `@apply-cookies/${process.platform}-${process.arch}`;

/** npm puts this package's own `apply-cookies`, which calls this, on the PATH too. */
const LAUNCHER = fileURLToPath(new URL("../bin/apply-cookies.js", import.meta.url));

/** @returns {string | null} */
export const findProgram = () => {
  if (process.env.APPLY_COOKIES_PROGRAM) return process.env.APPLY_COOKIES_PROGRAM;
  try {
    return createRequire(import.meta.url).resolve(`${PACKAGE}/${FILE}`);
  } catch {
    const launcher = existsSync(LAUNCHER) ? realpathSync(LAUNCHER) : "";
    const all = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, FILE));
    return all.find((path) => existsSync(path) && realpathSync(path) !== launcher) ?? null;
  }
};

/** What to do where there is none. */
export const MISSING = `the program apply-cookies is missing: install ${PACKAGE}, or \`cargo install apply-cookies-service\`, or name it in APPLY_COOKIES_PROGRAM`;
