// The operations of one token (SPEC §4 rule 8, §7), and of several (§9.6).

import { InvalidOperation } from "./errors.js";
import { MAX_LINES, MAX_OPERATIONS } from "./limits.js";
import { lineOf, placeOf } from "./operation.js";

/** @typedef {import("./operation.js").Operation} Operation */

/** @param {Operation} operation only ASCII by now, so that characters are bytes */
const sizeOf = (operation) => "Set-Cookie: \r\n".length + lineOf(operation).length;

/**
 * Checks what one token can have.
 * @param {Operation[]} operations each checked by itself
 */
export const checkBatch = (operations) => {
  if (operations.length < 1 || operations.length > MAX_OPERATIONS) {
    throw new InvalidOperation("operations", "1 to 20 fit into a token");
  }
  checkPlaces(operations);
  if (operations.reduce((sum, operation) => sum + sizeOf(operation), 0) > MAX_LINES) {
    throw new InvalidOperation("operations", "their lines are longer than 6144 bytes");
  }
};

/** @param {Operation[]} operations */
const checkPlaces = (operations) => {
  if (operations.length > 1 && new Set(operations.map(placeOf)).size < operations.length) {
    throw new InvalidOperation("name", "two operations on one cookie");
  }
};

/**
 * As many batches as it takes, in order.
 * @param {Operation[]} operations each checked by itself
 * @returns {Operation[][]}
 */
export const split = (operations) => {
  if (operations.length === 0) throw new InvalidOperation("operations", "none");
  checkPlaces(operations);
  /** @type {Operation[][]} */
  const batches = [];
  let size = MAX_LINES + 1;
  for (const operation of operations) {
    size += sizeOf(operation);
    if (size > MAX_LINES || batches[batches.length - 1].length === MAX_OPERATIONS) {
      batches.push([]);
      size = sizeOf(operation);
    }
    batches[batches.length - 1].push(operation);
  }
  return batches;
};
