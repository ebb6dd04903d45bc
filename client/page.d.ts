// What the module adds to a page's types: its events on `document`, and its element, in TSX too.

import type {} from "./jsx.js";

/**
 * The kinds of failure: the server's refusals by their names (`expired` also if a token expired
 * without an answer, `invalid` also if it is longer than tokens can be), `too-many` if hundreds of
 * others waited, `network` if no answer came, `unknown` for any other answer.
 */
export type ProblemType =
  | "invalid"
  | "expired"
  | "used"
  | "wrong-browser"
  | "origin"
  | "too-large"
  | "too-many"
  | "unsupported-media-type"
  | "unavailable"
  | "network"
  | "unknown";

declare global {
  interface DocumentEventMap {
    "apply-cookies:posted": CustomEvent<null>;
    "apply-cookies:applied": CustomEvent<null>;
    "apply-cookies:failed": CustomEvent<{ status: number; type: ProblemType }>;
    "apply-cookies:then": CustomEvent<{ action: string; path?: string }>;
    "apply-cookies:blocked": CustomEvent<null>;
    "apply-cookies:elsewhere": CustomEvent<null>;
  }

  interface HTMLElementTagNameMap {
    "apply-cookies": HTMLElement;
  }
}
