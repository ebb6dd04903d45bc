// What a browser really sent and a server really answered, even where the browser hides it from the
// page and from its tools: an answer that CORS refuses is read from the network.

import { PATIENCE } from "./browser.mjs";
import { within } from "./within.mjs";

/** Call it before the request goes out; what it returns resolves to `{ asked, status, headers }`. */
export async function answerTo(page, method, address) {
  const network = await page.context().newCDPSession(page);
  await network.send("Network.enable");
  // The three parts arrive in any order.
  const exchanges = new Map();
  const answered = new Promise((resolve) => {
    const learn = (id, part) => {
      const exchange = Object.assign(exchanges.get(id) ?? {}, part);
      exchanges.set(id, exchange);
      if (exchange.meant && exchange.asked && exchange.status) resolve(exchange);
    };
    network.on("Network.requestWillBeSent", ({ requestId, request }) =>
      learn(requestId, { meant: request.method === method && request.url === address }),
    );
    network.on("Network.requestWillBeSentExtraInfo", ({ requestId, headers }) =>
      learn(requestId, { asked: withLowerNames(headers) }),
    );
    network.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode, headers }) =>
      learn(requestId, { status: statusCode, headers: withLowerNames(headers) }),
    );
  });
  return () => within(PATIENCE, "an answer", answered);
}

const withLowerNames = (headers) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
