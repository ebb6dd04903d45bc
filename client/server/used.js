// The one deployment of this process, for what is not given it: sockets, mostly.

/** @typedef {import("./server.js").ApplyCookies} ApplyCookies */

/** @type {ApplyCookies | null} */
let last = null;

/** @template {ApplyCookies} T @param {T} deployment @returns {T} */
export const use = (deployment) => {
  last = deployment;
  return deployment;
};

/** @returns {ApplyCookies} */
export const used = () => {
  if (!last) throw new Error("apply-cookies is not set up: call applyCookies({ … }) first, or give `deployment`");
  return last;
};
