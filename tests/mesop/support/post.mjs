// POSTs of tokens as a page would make them, without the page.

import { request } from "node:https";

/** Asks over its own connection and returns the answer. */
const ask = (url, method, headers, body = "") =>
  new Promise((resolve, reject) => {
    const asked = request(url, {
      method,
      agent: false, // workers share connections, so a kept one would always meet the same worker
      rejectUnauthorized: false, // our own certificate, made a moment ago
      timeout: 10_000,
      headers,
    });
    asked.on("response", (answer) => {
      answer.resume().on("end", () =>
        resolve({ status: answer.statusCode, setCookie: answer.headers["set-cookie"] ?? [] }),
      );
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer")));
    asked.on("error", reject);
    asked.end(body);
  });

/** Posts a token as a page of this origin, or as one that claims to be of another. */
export const post = (origin, token, { claims = origin } = {}) =>
  ask(
    `${origin}/__apply-cookies`,
    "POST",
    { origin: claims, "content-type": "application/x-www-form-urlencoded" },
    new URLSearchParams({ t: token }).toString(),
  );

/** How the endpoint and the paths below it answer a page. */
export async function everyPath(origin) {
  const statuses = {};
  for (const [method, below] of [
    ["GET", "/client.js"],
    ["HEAD", "/client.js"],
    ["GET", "/client.js?v=1"],
    ["POST", "/bind"],
    ["POST", ""],
    ["GET", ""],
  ]) {
    const { status } = await ask(`${origin}/__apply-cookies${below}`, method, { origin });
    statuses[`${method} ${below}`] = status;
  }
  return statuses;
}

/** Posts one token many times at once; returns how often each status came. */
export async function postAtOnce(origin, token, times) {
  const answers = await Promise.all(Array.from({ length: times }, () => post(origin, token)));
  const statuses = {};
  for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1;
  return statuses;
}
