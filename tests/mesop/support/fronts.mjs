// nginx and Caddy, run with the very lines that protocol/MESOP.md shows, but for names and ports.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { within } from "../../../client/tests/browser/support/within.mjs";

const PAGE = readFileSync(new URL("../../../protocol/MESOP.md", import.meta.url), "utf8");

/** The configuration in the page that is in this language, with each text replaced. */
function snippet(language, replacements) {
  let [, text] = new RegExp("```" + language + "\\n(.*?)```", "s").exec(PAGE);
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`the ${language} lines do not say ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

const SERVERS = {
  nginx({ folder, port, pem, mesop, applyCookies }) {
    const server = snippet("nginx", [
      ["listen 443 ssl", `listen 127.0.0.1:${port} ssl`],
      ["/etc/ssl/app.example.pem", pem],
      ["/etc/ssl/app.example.key", pem],
      ["http://127.0.0.1:8000", mesop],
      ["http://127.0.0.1:8001", applyCookies],
    ]);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder};`);
    const config = join(folder, "nginx.conf");
    writeFileSync(
      config,
      `daemon off; pid ${folder}/pid; error_log stderr; ${process.getuid() === 0 ? "user root;" : ""}
       events {} http { access_log off; ${temporary.join(" ")}\n${server}}`,
    );
    return ["nginx", ["-p", folder, "-c", config, "-e", "stderr"]];
  },
  caddy({ folder, port, pem, mesop, applyCookies }) {
    const site = snippet("caddyfile", [
      ["app.example {", `https://127.0.0.1:${port} {\ntls ${pem} ${pem}`],
      ["127.0.0.1:8000", new URL(mesop).host],
      ["127.0.0.1:8001", new URL(applyCookies).host],
    ]);
    const config = join(folder, "Caddyfile");
    writeFileSync(config, `{\nadmin off\nauto_https off\n}\n${site}`);
    return ["caddy", ["run", "--adapter", "caddyfile", "--config", config]];
  },
};

/** Why this server cannot be run here, or `false`. */
export const lacks = (name) =>
  spawnSync(name, [name === "nginx" ? "-v" : "version"]).error ? `${name} is not installed` : false;

/** A port of this machine that is free now. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts `nginx` or `caddy` on a port in front of both addresses. */
export async function startFront(name, { port, tls, mesop, applyCookies }) {
  const folder = mkdtempSync(join(tmpdir(), "apply-cookies-"));
  const pem = join(folder, "both.pem");
  writeFileSync(pem, tls.key, { mode: 0o600 });
  const [command, args] = SERVERS[name]({ folder, port, pem, mesop, applyCookies });
  const server = spawn(command, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH, HOME: folder },
  });
  let said = "";
  server.stderr.setEncoding("utf8").on("data", (text) => (said += text));
  let running = true;
  const ended = new Promise((resolve) => server.once("close", resolve)).then(() => (running = false));
  const stop = async () => {
    server.kill("SIGTERM");
    try {
      await within(10_000, `the end of ${name}`, ended);
    } finally {
      server.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    }
  };
  const listens = async () => {
    while (running && !(await canConnect(port))) await new Promise((resolve) => setTimeout(resolve, 50));
    if (!running) throw new Error(`${name} ended:\n${said}`);
  };
  try {
    await within(10_000, `the port of ${name}`, listens());
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin: `https://127.0.0.1:${port}`, stop };
}

const canConnect = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
