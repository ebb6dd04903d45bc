// One codec for two kinds of cryptography: node:crypto answers at once, WebCrypto with promises. What
// needs either is a generator that yields what it waits for; these two run one to its end.

/**
 * @template T
 * @typedef {Generator<any, T, any>} Steps
 */

/**
 * @template T
 * @param {Steps<T>} steps whose answers are there at once
 * @returns {T}
 */
export const now = (steps) => {
  let step = steps.next();
  while (!step.done) step = steps.next(step.value);
  return step.value;
};

/**
 * @template T
 * @param {Steps<T>} steps
 * @returns {Promise<T>}
 */
export const later = async (steps) => {
  let step = steps.next();
  while (!step.done) step = steps.next(await step.value);
  return step.value;
};
