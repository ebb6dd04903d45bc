// JSON as SPEC wants it read (§7, §12.4): each key once, nested at most 8 deep, no lone surrogates,
// numbers within a double. `JSON.parse` sees neither keys that stand twice nor how numbers are written.

import { Refused } from "./errors.js";
import { MAX_DEPTH } from "./limits.js";
import { NumberText } from "./operation.js";

/** An object's fields in order, repeated ones too. */
export class JsonObject {
  /** @param {[string, unknown][]} entries */
  constructor(entries) {
    this.entries = entries;
  }
}

const TOKEN = /[ \t\n\r]*(?:([{}[\]:,])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))/y;

const WORDS = new Map([
  ["true", true],
  ["false", false],
  ["null", null],
]);

class Parser {
  #text;
  #isStrict;
  #pattern = new RegExp(TOKEN);

  /** @param {string} text @param {boolean} isStrict */
  constructor(text, isStrict) {
    this.#text = text;
    this.#isStrict = isStrict;
  }

  /** @returns {RegExpExecArray} */
  #next() {
    const match = this.#pattern.exec(this.#text);
    if (!match) throw new Refused("not-json");
    return match;
  }

  /** @param {number} depth how many objects and lists are around it @param {RegExpExecArray} [first] @returns {unknown} */
  value(depth, first = this.#next()) {
    const [, mark, string, number, word] = first;
    if (string !== undefined) return this.#string(string);
    if (word !== undefined) return WORDS.get(word);
    if (number !== undefined) {
      if (!Number.isFinite(Number(number))) throw new Refused("not-json");
      return new NumberText(number);
    }
    if (mark !== "{" && mark !== "[") throw new Refused("not-json");
    if (depth === MAX_DEPTH) throw new Refused("too-deep");
    return mark === "{" ? this.#object(depth + 1) : this.#list(depth + 1);
  }

  /** @param {string} literal */
  #string(literal) {
    const text = JSON.parse(literal);
    if (!text.isWellFormed()) throw new Refused("not-json");
    return text;
  }

  /** @param {number} depth */
  #object(depth) {
    /** @type {[string, unknown][]} */
    const entries = [];
    const keys = new Set();
    let match = this.#next();
    if (match[1] === "}") return new JsonObject(entries);
    for (;;) {
      if (match[2] === undefined) throw new Refused("not-json");
      const key = this.#string(match[2]);
      if (this.#isStrict && keys.has(key)) throw new Refused("duplicate-key");
      keys.add(key);
      if (this.#next()[1] !== ":") throw new Refused("not-json");
      entries.push([key, this.value(depth)]);
      const [, mark] = this.#next();
      if (mark === "}") return new JsonObject(entries);
      if (mark !== ",") throw new Refused("not-json");
      match = this.#next();
    }
  }

  /** @param {number} depth */
  #list(depth) {
    /** @type {unknown[]} */
    const items = [];
    let match = this.#next();
    if (match[1] === "]") return items;
    for (;;) {
      items.push(this.value(depth, match));
      const [, mark] = this.#next();
      if (mark === "]") return items;
      if (mark !== ",") throw new Refused("not-json");
      match = this.#next();
    }
  }

  end() {
    if (/[^ \t\n\r]/.test(this.#text.slice(this.#pattern.lastIndex))) throw new Refused("not-json");
  }
}

/**
 * @param {string} text
 * @param {boolean} [isStrict] whether a key may stand once only
 * @returns {unknown} objects as `JsonObject`, numbers as `NumberText`, lists, strings, booleans, null
 */
export const parse = (text, isStrict = false) => {
  const parser = new Parser(text, isStrict);
  const value = parser.value(0);
  parser.end();
  return value;
};

/**
 * The JSON of a cookie's value (step 8 of §12.4).
 * @param {string} text
 * @returns {unknown}
 */
export const read = (text) => {
  parse(text, true);
  return JSON.parse(text);
};
