// Secrets from outside the program (SPEC §2.1): those that are obviously not meant are refused, by the
// name of the rule and of where they are from, and never by their value.

import { utf8 } from "./bytes.js";
import { BadSecret } from "./errors.js";
import { trimmed } from "./keys.js";
import { MAX_SECRET, MIN_SECRET } from "./limits.js";

const PLAIN = "[A-Za-z0-9\\-_+/=]";
const QUOTES = "\"'`´«»‹›＂＇\u2018-\u201f\u300c-\u300f";
const WRITTEN_END = "(?:\\\\r\\\\n|\\\\n|\\\\r|\\\\t)";
const SECRET_LIKE = `(?=[^#]*[A-Z]|[0-9a-f]+(?:#|$))${PLAIN}{40,}`;

/** Secrets that the specification prints. */
const PUBLISHED = ["8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA", "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs"];

/** @param {string} text in either alphabet of base64, in any case */
const folded = (text) => text.toLowerCase().replace(/-/g, "+").replace(/_/g, "/");

const WINDOW = 32;
const WINDOWS = PUBLISHED.flatMap((secret) =>
  Array.from({ length: secret.length - WINDOW + 1 }, (_, at) => folded(secret.slice(at, at + WINDOW))),
);

/** What MUST be refused, in the order of the rules. @type {[rule: string, detail: string, applies: (text: string) => boolean][]} */
const RULES = [
  ["white-space", "it has white space in it", matches(`\\p{White_Space}|^${WRITTEN_END}${PLAIN}*${WRITTEN_END}?$|^${PLAIN}*${WRITTEN_END}$`)],
  ["invisible", "it has an invisible character in it", matches("[\\p{Default_Ignorable_Code_Point}\\u2800\\ufff9-\\ufffd]")],
  ["control", "it has a control character in it", matches("\\p{Cc}")],
  ["quoted", "it has a quotation mark at an end", matches(`^[${QUOTES}]|[${QUOTES}]$`)],
  ["list", "it looks like several secrets, or like a line of settings", isList],
  ["too-long", "it is longer than 1024 bytes", (text) => utf8(text).length > MAX_SECRET],
  ["too-short", "it is shorter than 32 bytes", (text) => utf8(text).length < MIN_SECRET],
  ["published", "it is printed in this project's documentation", (text) => WINDOWS.some((part) => folded(text).includes(part))],
];

/** What SHOULD be: the plain cases, none of which random characters hit once in a million. The program refuses more. @type {typeof RULES} */
const GUESSES = [
  ["template", "nothing has replaced this template", matches("^(?:\\$[{(][\\w.:?/<-]{20,}[})]|\\$\\{[A-Z_]{8,}\\}.*|\\{\\{.*\\}\\}|<%.*%>|#\\{[\\w.:()\"]+\\}|<[\\w -]+>|%[\\w()]+%|\\$[A-Za-z_:]+)$")],
  ["reference", "it names a place in which a secret is", matches("^[a-z][a-z0-9+]{2,12}://|^(?:arn|base64|base32|hex|vault|ssm|kms|awssm|gcp):|^(?:env|ENV)[!.(\\[]|process\\.env|import\\.meta|environ\\b.|getenv\\(")],
  ["placeholder", "it is a placeholder", (text) => WORDS.test(text.replace(/[^A-Za-z0-9]/g, ""))],
  ["guessable", "it can be guessed", isGuessable],
];

const WORDS =
  /change(?:me|this|it)|replace(?:me|this|with)|(?:my|your|super|top|dev|test|fake|dummy|default|not(?:so|a)?|of)secret|secret(?:key|here|value)|placeholder|example|insecure|password|donot(?:use|commit)|correcthorse|letmein|loremipsum|qwertyui|1qaz2wsx|keyhere|yourkey|applycookies/i;

/** @param {string} pattern @param {string} [flags] @returns {(text: string) => boolean} */
function matches(pattern, flags = "") {
  const compiled = new RegExp(pattern, `u${flags}`);
  return (text) => compiled.test(text);
}

const PLAIN_ALONE = matches(`^${PLAIN}*$`);
const LONG_PART = matches(`^${PLAIN}{37,}$`);
const QUOTED = matches(`^[${QUOTES}].*[${QUOTES}]$`, "s");
const AROUND = matches("^(?:\\[.*\\]|\\{.*\\}|\\(.*\\))$", "s");
const COMMENTED = matches(`(?<!${PLAIN})${SECRET_LIKE}#`);
const NAMED = matches(`^[A-Za-z_]{3,}=${SECRET_LIKE}`);

/** @param {string} text */
function isList(text) {
  const within = text.slice(1, -1);
  const isSeparated = ["|", ":", "&", "\\"].some((mark) => text.includes(mark) && text.split(mark).every(LONG_PART));
  const isAround = AROUND(text) && (PLAIN_ALONE(within) || QUOTED(within));
  return /[,;，、；]/.test(text) || isAround || isSeparated || COMMENTED(text) || NAMED(text);
}

/** Bits, by how often each item occurs. @param {number[]} items */
const bitsOf = (items) => {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum + count * Math.log2(items.length / count), 0);
};

/** What random hexadecimal of 32 characters has, but for one in millions. */
const NEEDED_BITS = 84;

const OF_TIME = matches("^[0-9a-f]{8}-[0-9a-f]{4}-[^4][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$", "i");
const REPEATED = matches("^(.{1,24})\\1+$", "s");

/** @param {string} text */
function isGuessable(text) {
  const bytes = Array.from(utf8(text));
  const differences = bytes.slice(1).map((byte, i) => byte - bytes[i]);
  return OF_TIME(text) || REPEATED(text) || Math.min(bitsOf(bytes), bitsOf(differences)) < NEEDED_BITS;
}

/**
 * @param {string} text
 * @param {string} where
 * @returns {string} the secret
 */
const checked = (text, where) => {
  for (const [rule, detail, applies] of [...RULES, ...GUESSES]) {
    if (applies(text)) throw new BadSecret(rule, where, detail);
  }
  return text;
};

/**
 * One secret, from a variable or a file.
 * @param {string} text
 * @param {string} where its name
 */
export const readOne = (text, where) => checked(trimmed(text), where);

/**
 * Previous secrets, from a variable: separated by commas.
 * @param {string} text
 * @param {string} where
 */
export const readCommas = (text, where) =>
  text
    .replace(/\n$/, "")
    .split(",")
    .map((secret, i) => checked(secret, `${where}, entry ${i + 1}`));

/**
 * Previous secrets, from a file: one a line.
 * @param {string} text
 * @param {string} where
 */
export const readLines = (text, where) =>
  text
    .split(/\r?\n/)
    .map((line, i) => (/^[ \t]*(#|$)/.test(line) ? null : checked(line, `${where}, line ${i + 1}`)))
    .filter((secret) => secret !== null);
