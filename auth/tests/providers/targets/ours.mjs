// The example `providers` of this crate, on axum or on actix. Signed in is whom `/auth/me` names.

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { freePort, movableClock, startProgram, temporaryFolder } from "../support/program.mjs";

// One for the run: what a restart keeps is under it.
const SECRET = randomBytes(32).toString("base64url");
const built = () => `${process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../../../target", import.meta.url))}/debug/examples/providers`;

export const ours = (framework) => ({
  name: `apply-cookies, ${framework}`,
  version: () => "",
  lacks: {},

  async start(providers, { clock, files, gate, userInfo, port, env } = {}) {
    const program = built();
    if (!existsSync(program)) throw new Error(`there is no ${program}: cargo build -p apply-cookies-auth --example providers --all-features`);
    const folder = (clock || files) && temporaryFolder();
    const time = clock && movableClock(folder.path);
    port ??= await freePort();
    const origin = `http://localhost:${port}`;
    const settings = { FRAMEWORK: framework, LISTEN: `127.0.0.1:${port}`, ORIGIN: origin, APPLY_COOKIES_SECRET_KEY: SECRET, ...time?.env, ...env };
    for (const [name, end] of [["one", ""], ["two", "_2"]]) {
      const provider = providers[name];
      if (provider) Object.assign(settings, { [`ISSUER${end}`]: provider.issuer, [`CLIENT_ID${end}`]: provider.clientId, [`CLIENT_SECRET${end}`]: provider.clientSecret });
    }
    if (files) Object.assign(settings, { REPLAY: `file:${folder.path}/claims`, REVOCATIONS: `file:${folder.path}/revoked` });
    if (gate) settings.VERIFIED = "1";
    if (userInfo) settings.USER_INFO = "1";
    const begin = () => startProgram("the example providers", program, [], { port, env: settings });
    let running = await begin();
    const before = [];
    const again = async (end) => {
      before.push(running.said());
      await end();
      running = await begin();
    };
    return {
      origin,
      port,
      clock: time?.set,
      signIn: (name, to) => `${origin}/auth/sign-in/${name}${to === undefined ? "" : `?${new URLSearchParams({ return_to: to })}`}`,
      callback: (name) => `${origin}/auth/callback/${name}`,
      async who(visitor) {
        const answer = await visitor.send(`${origin}/auth/me`, { headers: { "sec-fetch-site": "same-origin" } });
        return answer.status === 200 ? JSON.parse(answer.body).subject : null;
      },
      email: async (visitor) => JSON.parse((await visitor.send(`${origin}/auth/me`)).body).email,
      async signOut(visitor) {
        await visitor.go(`${origin}/auth/sign-out`, { method: "POST", body: "", headers: { origin, "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded" } });
      },
      /** The code of the page. */
      read: ({ status, body }) => /<dt>Code<\/dt><dd><code>([^<]+)<\/code>/.exec(body)?.[1] ?? `HTTP ${status}`,
      said: () => before.join("") + running.said(),
      restart: () => again(running.stop),
      crash: () => again(running.kill),
      stop: async () => {
        await running.stop();
        folder?.remove();
      },
    };
  },
});
