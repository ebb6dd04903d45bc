// Apache with mod_auth_openidc, two providers in its metadata folder, set up as its documentation advises,
// with PKCE, and with 5 s for the provider's answers. Signed in is whom Apache names in REMOTE_USER to what
// it protects.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { freePort, movableClock, startProgram, temporaryFolder } from "../support/program.mjs";

const MODULES = "/usr/lib/apache2/modules";
const LOADED = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "headers", "dir", "unixd"];

export const apache = {
  name: "mod_auth_openidc",
  version: () => {
    const said = (...args) => spawnSync("dpkg-query", ["-W", "-f", "${Version}", ...args], { encoding: "utf8" }).stdout;
    return `${said("libapache2-mod-auth-openidc")}, Apache ${said("apache2-bin")}`;
  },
  lacks: { discovery: "is given the provider's metadata as a file" },

  async start(providers, { clock, gate } = {}) {
    const folder = temporaryFolder();
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    chmodSync(folder.path, 0o755);
    for (const name of ["metadata", "pages"]) mkdirSync(join(folder.path, name));
    writeFileSync(join(folder.path, "pages/index.html"), "<h1>protected</h1>");
    for (const provider of Object.values(providers)) {
      const file = (kind, content) => writeFileSync(join(folder.path, "metadata", `${encodeURIComponent(new URL(provider.issuer).host)}.${kind}`), JSON.stringify(content));
      file("provider", provider.discovery());
      file("client", { client_id: provider.clientId, client_secret: provider.clientSecret, token_endpoint_auth: "client_secret_basic" });
      file("conf", { scope: "openid email profile", pkce_method: "S256" });
    }
    const require = gate ? "Require claim email_verified:true" : "Require valid-user";
    writeFileSync(
      join(folder.path, "httpd.conf"),
      `ServerRoot ${folder.path}
${LOADED.filter((name) => existsSync(`${MODULES}/mod_${name}.so`)).map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join("\n")}
${process.getuid() === 0 ? "User www-data\nGroup www-data" : ""}
Listen 127.0.0.1:${port}
ServerName localhost:${port}
UseCanonicalName On
PidFile ${folder.path}/pid
DefaultRuntimeDir ${folder.path}
ErrorLog ${folder.path}/errors
LogLevel auth_openidc:warn
DocumentRoot ${folder.path}/pages
OIDCMetadataDir ${folder.path}/metadata
OIDCRedirectURI ${origin}/redirect_uri
OIDCCryptoPassphrase "a passphrase that only these tests have"
OIDCDefaultURL ${origin}/
OIDCCookieSameSite On
OIDCHTTPTimeoutLong 5
OIDCUnAuthAction 401
<Location />
AuthType openid-connect
${require}
Header always set Seen-As "expr=%{REMOTE_USER}"
Header always set Seen-Email "expr=%{req:OIDC_CLAIM_email}"
</Location>
`,
    );
    const time = clock && movableClock(folder.path);
    if (time) chmodSync(join(folder.path, "clock"), 0o644);
    const args = ["-f", join(folder.path, "httpd.conf"), "-DFOREGROUND"];
    const errors = () => readFileSync(join(folder.path, "errors"), "utf8");
    const begin = () => startProgram("Apache", process.env.APACHE ?? "/usr/sbin/apache2", args, { port, env: time?.env, errors });
    let program = await begin();
    return {
      origin,
      clock: time?.set,
      signIn: (name, to) => `${origin}/redirect_uri?${new URLSearchParams({ iss: providers[name].issuer, target_link_uri: to ?? `${origin}/` })}`,
      callback: () => `${origin}/redirect_uri`,
      async who(visitor) {
        const answer = await visitor.send(`${origin}/`);
        return answer.status === 200 ? (answer.headers["seen-as"] ?? "").split("@")[0] : null;
      },
      email: async (visitor) => (await visitor.send(`${origin}/`)).headers["seen-email"],
      read: ({ status, body }) => (status === 200 && body.includes("<h1>protected") ? "nothing" : status === 200 ? "a page" : `HTTP ${status}`),
      async signOut(visitor) {
        await visitor.go(`${origin}/redirect_uri?${new URLSearchParams({ logout: `${origin}/` })}`);
      },
      said: () => program.said() + errors(),
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
};
