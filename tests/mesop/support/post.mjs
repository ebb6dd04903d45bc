// POSTs of tokens as a page would make them, without the page.

import { request } from "node:https";

/** Posts a token over its own connection and returns the answer. */
export const post = (origin, token, { claims = origin } = {}) =>
  new Promise((resolve, reject) => {
    const asked = request(`${origin}/__apply-cookies`, {
      method: "POST",
      agent: false, // workers share connections, so a kept one would always meet the same worker
      rejectUnauthorized: false, // our own certificate, made a moment ago
      timeout: 10_000,
      headers: { origin: claims, "content-type": "application/x-www-form-urlencoded" },
    });
    asked.on("response", (answer) => {
      answer.resume().on("end", () =>
        resolve({ status: answer.statusCode, setCookie: answer.headers["set-cookie"] ?? [] }),
      );
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer")));
    asked.on("error", reject);
    asked.end(new URLSearchParams({ t: token }).toString());
  });

/** Posts one token many times at once; returns how often each status came. */
export async function postAtOnce(origin, token, times) {
  const answers = await Promise.all(Array.from({ length: times }, () => post(origin, token)));
  const statuses = {};
  for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1;
  return statuses;
}
