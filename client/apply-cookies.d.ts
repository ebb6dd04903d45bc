export type ProblemType = "invalid" | "expired" | "used" | "wrong-browser" | "origin" | "too-large" | "unsupported-media-type" | "unavailable" | "network" | "unknown";
/**
 * `endpoint` is where tokens are posted, without a slash at its end. The server serves this module as
 * `{prefix}/client.js`, so it knows its prefix by itself; a bundled copy falls back to the default.
 */
export declare const settings: {
    endpoint: string;
};
/** Why the cookies of a token are not there. */
export declare class ApplyCookiesError extends Error {
    status: number;
    type: ProblemType;
    /**
     * @param {number} status the answer's HTTP status; 0 when there was none
     * @param {ProblemType} type
     * @param {unknown} [cause]
     */
    constructor(status: number, type: ProblemType, cause?: unknown);
}
/**
 * Gives the token to the server; settles when the browser has its cookies. Tokens are posted one at a
 * time, in the order of the calls. A token that was given before is not posted again.
 * @param {string} token
 * @returns {Promise<void>} rejects with an {@link ApplyCookiesError}
 */
export declare function applyCookies(token: string): Promise<void>;
/**
 * Applies the tokens that a stream brings.
 * @param {EventSource | WebSocket} source
 * @returns {() => void} stops listening
 */
export declare function listen(source: EventSource | WebSocket): () => void;
/**
 * Settles when this browser has its binding cookie. Await it before opening a stream: tokens that were
 * minted for a request without the cookie are of no use.
 * @returns {Promise<void>} rejects with an {@link ApplyCookiesError}; the next call then tries again
 */
export declare function ready(): Promise<void>;
