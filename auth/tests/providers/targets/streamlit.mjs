// Streamlit's `st.login`, with Authlib, as its documentation sets it up. The address of a sign-in is the one
// that `st.login` sends to the browser: it holds the provider's name under the app's `cookie_secret`.
// Signed in is who has the cookie that `st.user` is read from, under its signature.

import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { inflateSync } from "node:zlib";

import { freePort, movableClock, startProgram, temporaryFolder } from "../support/program.mjs";

const SECRET = "a long cookie secret that only these tests have";
const base64url = (text) => Buffer.from(text).toString("base64url");

const APP = `import streamlit as st
if st.user.is_logged_in:
    st.write(f"signed in as {st.user.sub}")
else:
    st.button("Sign in", on_click=st.login, args=["one"])
`;

export const streamlit = (venv) => ({
  name: "Streamlit st.login",
  version: () => {
    const said = spawnSync(join(venv, "bin/python"), ["-c", "import streamlit, authlib; print(f'{streamlit.__version__}, Authlib {authlib.__version__}')"], { encoding: "utf8" });
    return said.stdout.trim();
  },
  lacks: { gate: "has no gates", userInfo: "does not read UserInfo where there is an ID token", outward: "takes no address to return to" },

  async start(providers, { clock, port } = {}) {
    const folder = temporaryFolder();
    port ??= await freePort();
    const origin = `http://localhost:${port}`;
    const section = ([name, { issuer, clientId, clientSecret }]) =>
      `[auth.${name}]\nclient_id = "${clientId}"\nclient_secret = "${clientSecret}"\nserver_metadata_url = "${issuer}/.well-known/openid-configuration"\n`;
    mkdirSync(join(folder.path, ".streamlit"));
    const common = `[auth]\nredirect_uri = "${origin}/oauth2callback"\ncookie_secret = "${SECRET}"\n`;
    writeFileSync(join(folder.path, ".streamlit/secrets.toml"), common + Object.entries(providers).map(section).join(""));
    writeFileSync(join(folder.path, "app.py"), APP);
    const time = clock && movableClock(folder.path);
    const args = ["run", "app.py", "--server.address", "127.0.0.1", "--server.port", `${port}`, "--server.headless", "true", "--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none", "--logger.level", "info"];
    // One certificate: reading all of them, for each of its requests, took nine tenths of its time.
    const SSL_CERT_FILE = join(folder.path, "certificate.pem");
    writeFileSync(SSL_CERT_FILE, rootCertificates[0]);
    const env = { ...time?.env, HOME: folder.path, SSL_CERT_FILE };
    const begin = () => startProgram("Streamlit", join(venv, "bin/streamlit"), args, { port, cwd: folder.path, env });
    let program = await begin();

    return {
      origin,
      clock: time?.set,
      signIn: (provider) => {
        const input = `${base64url('{"alg":"HS256"}')}.${base64url(JSON.stringify({ provider, exp: Math.floor(Date.now() / 1000) + 120 + (clock ? 3600 : 0) }))}`;
        return `${origin}/auth/login?provider=${input}.${createHmac("sha256", SECRET).update(input).digest("base64url")}`;
      },
      callback: () => `${origin}/oauth2callback`,
      async who(visitor) {
        const cookie = visitor.cookies.find(({ name }) => name === "_streamlit_user");
        if (!cookie) return null;
        return subject(cookie.value);
      },
      // The app's own page, which does not know what went wrong.
      read: ({ status }) => (status === 200 ? "nothing" : `HTTP ${status}`),
      async signOut(visitor) {
        await visitor.go(`${origin}/auth/logout`);
      },
      said: () => program.said(),
      restart: async () => {
        await program.stop();
        program = await begin();
      },
      stop: async () => {
        await program.stop();
        folder.remove();
      },
    };
  },
});

/** The subject in `_streamlit_user`, which is signed as itsdangerous does, and deflated where that is shorter. */
function subject(value) {
  const deflated = value.startsWith(".");
  const bytes = Buffer.from(value.split(".")[deflated ? 1 : 0], "base64url");
  const user = JSON.parse(JSON.parse((deflated ? inflateSync(bytes) : bytes).toString()));
  return user.is_logged_in ? (user.sub ?? "(no subject)") : null;
}
