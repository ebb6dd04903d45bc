// Settings from the environment, by the names that the service has too (SPEC §2.1).

import { readFileSync, statSync } from "node:fs";

import { textOf } from "./bytes.js";
import { BadSecret } from "./errors.js";
import { MAX_SECRET_FILE } from "./limits.js";
import { readCommas, readLines, readOne } from "./secrets.js";

/** @typedef {import("./deployment.js").Options} Options */

const SECRET = "APPLY_COOKIES_SECRET_KEY";
const PREVIOUS = "APPLY_COOKIES_PREVIOUS_KEYS";
const ORIGIN = "APPLY_COOKIES_ORIGIN";

/** @param {string} path @param {string} where */
const textIn = (path, where) => {
  if (statSync(path).size > MAX_SECRET_FILE) throw new BadSecret("too-long", where, "the file is longer than 65536 bytes");
  const text = textOf(readFileSync(path));
  if (text === null) throw new BadSecret("control", where, "the file is not UTF-8");
  return text;
};

/**
 * A variable, or the file that its twin names; never both.
 * @template T
 * @param {string} name
 * @param {(text: string, where: string) => T} read
 * @param {(text: string, where: string) => T} readFile
 * @returns {T | undefined}
 */
const setting = (name, read, readFile) => {
  const { [name]: text, [`${name}_FILE`]: path } = process.env;
  if (text && path) throw new BadSecret("both", name, `${name}_FILE is set as well`);
  if (path) return readFile(textIn(path, `${name}_FILE`), `${name}_FILE`);
  return text ? read(text, name) : undefined;
};

/** Whether the environment has a secret. */
export const hasSecret = () => Boolean(process.env[SECRET] || process.env[`${SECRET}_FILE`]);

/**
 * @template {Options} T
 * @param {T} options
 * @returns {T}
 */
export const fromEnvironment = (options) => {
  const secret = options.secret ?? setting(SECRET, readOne, readOne);
  if (secret === undefined) throw new BadSecret("too-short", SECRET, "there is no secret");
  return {
    ...options,
    secret,
    previous: options.previous ?? setting(PREVIOUS, readCommas, readLines) ?? [],
    origins: options.origins ?? process.env[ORIGIN]?.split(",").filter(Boolean),
  };
};
