// What a token costs in process, and iron-session's cookie of the same session in the same run:
// `node bench/mint.mjs`. Rounds alternate, and the fastest of each counts, so that what else runs on the
// machine matters little.

import { sealData, unsealData } from "iron-session";

import { ApplyCookies as Edge } from "../server/edge.js";
import { ApplyCookies } from "../server/server.js";

const ROUNDS = 40;
const TIMES = 200;
const SECRET = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

const settings = { secret: SECRET, origins: ["https://app.example"] };
const server = new ApplyCookies(settings);
const edge = new Edge(settings);
const binding = Buffer.alloc(32, 7).toString("base64url");
const operations = [{ op: "set", name: "session", value: "8f14e45fceea167a5a36dedd4bea2543", max_age: 3600 }];
const session = { id: "8f14e45fceea167a5a36dedd4bea2543" };
const value = server.cookie("session", { maxAge: 3600 });
const request = { headers: { cookie: `session=${value.write(session).value}` } };
const iron = { password: SECRET, ttl: 3600 };
const sealed = await sealData(session, iron);
const [{ token, issuedAt }] = server.mint({ binding, operations });

const what = {
  "mint, node:crypto": () => server.mint({ binding, operations }),
  "mint signed, node:crypto": () => server.mint({ binding, operations, seal: "signed" }),
  "mint, WebCrypto": () => edge.mint({ binding, operations }),
  "open, node:crypto": () => server.open(token, { bindingCookie: binding, now: issuedAt }),
  "write a value, node:crypto": () => value.write(session),
  "read a value, node:crypto": () => value.read(request),
  "iron-session seals": () => sealData(session, iron),
  "iron-session unseals": () => unsealData(sealed, iron),
};

const samples = Object.fromEntries(Object.keys(what).map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, step] of Object.entries(what)) {
    const begun = process.hrtime.bigint();
    for (let i = 0; i < TIMES; i++) {
      const answer = step();
      if (answer instanceof Promise) await answer;
    }
    const micros = Number(process.hrtime.bigint() - begun) / 1000 / TIMES;
    // The first round is for the compiler.
    if (round > 0) samples[name].push(micros);
  }
}

const best = (list) => Math.min(...list);
for (const [name, list] of Object.entries(samples)) console.log(`${best(list).toFixed(1).padStart(7)} µs  ${name}`);
const ratio = (a, b) => (best(samples[a]) / best(samples[b])).toFixed(1);
console.log(`iron-session / mint: ${ratio("iron-session seals", "mint, node:crypto")}; on WebCrypto alone: ${ratio("iron-session seals", "mint, WebCrypto")}`);
console.log(`iron-session / values: write ${ratio("iron-session seals", "write a value, node:crypto")}, read ${ratio("iron-session unseals", "read a value, node:crypto")}`);
