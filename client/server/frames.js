// Frames (SPEC §8): how a token travels. A token is base64url and a prefix, so nothing is escaped.

/** A server-sent event. @param {string} token */
export const toSse = (token) => `event: apply-cookies\ndata: {"token":"${token}"}\n\n`;

/** A text message of a WebSocket. @param {string} token */
export const toWebSocket = (token) => `{"type":"apply-cookies","token":"${token}"}`;

/** An element of streamed HTML. @param {string} token */
export const toHtml = (token) => `<apply-cookies token="${token}"></apply-cookies>`;
