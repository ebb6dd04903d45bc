export type ProblemType = import("./page.js").ProblemType;
/**
 * `endpoint` is where tokens are posted, without a trailing slash. The server serves this module as
 * `{prefix}/client.js`, so it knows its own prefix; a bundled copy falls back to the default. To
 * change it, do so right after the import.
 *
 * `lifetime` is how long a token can be redeemed, in milliseconds: the page cannot read it from the
 * token. The copy that the server serves has the server's number.
 */
export declare const settings: {
    endpoint: string;
    lifetime: number;
};
/** Why the cookies of a token are not set. */
export declare class ApplyCookiesError extends Error {
    status: number;
    type: import("./page.js").ProblemType;
    /**
     * @param {number} status the answer's HTTP status; 0 when there was none
     * @param {ProblemType} type
     * @param {unknown} [cause]
     */
    constructor(status: number, type: ProblemType, cause?: unknown);
}
export type Answer = [error: ApplyCookiesError | false, headers?: Headers];
export type Carrier = (what?: string) => void;
export type Given = [token: string, carrier: Carrier | null, r: string, end: number];
export type Item = Given & {
    sent: Promise<Answer> | null;
    send: (keepalive: boolean) => Promise<Answer>;
    start: () => void;
    drop: () => void;
};
/**
 * Posts the token to the server; settles when the browser has its cookies. Tokens are posted one at a
 * time, in the order of the calls. The same token is not posted twice.
 * @param {string} token
 * @returns {Promise<void>} rejects with an {@link ApplyCookiesError}
 */
export declare const applyCookies: (token: string) => Promise<void>;
export type Source = EventSource | WebSocket;
/**
 * Applies the tokens that a stream brings. A function is called to open the stream once
 * {@link ready} has settled, and again if the server asks for it or the binding was lost.
 * @param {Source | (() => Source)} source
 * @returns {() => void} stops listening, and closes the stream that the function has opened
 */
export declare const listen: (source: Source | (() => Source)) => () => void;
/**
 * Settles when this browser has its binding cookie. Await it before opening a stream: tokens minted
 * for a request without the cookie cannot be redeemed.
 * @returns {Promise<void>} rejects with an {@link ApplyCookiesError}; the next call then tries again
 */
export declare const ready: () => Promise<void>;
