// An app in Python behind a real nginx, with the rule that the README shows, and the service beside it.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PYTHON = fileURLToPath(new URL("../../", import.meta.url));
const APPS = join(PYTHON, "tests/apps");
const RULE = /^ +(location \^~ \/__apply-cookies \{.*?\})/m.exec(readFileSync(join(PYTHON, "README.md"), "utf8"))[1];
const PROGRAM = process.env.APPLY_COOKIES_PROGRAM ?? join(PYTHON, "../target/debug/apply-cookies");
const PATIENCE = 30_000;

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const canConnect = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });

/** `command(port)` gives the words behind `python`. Answers the origin, and how to stop it all. */
export async function startApp(command, { python = process.env.PYTHON ?? "python3" } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "apply-cookies-"));
  const [front, app, service] = [await freePort(), await freePort(), await freePort()];
  const origin = `http://localhost:${front}`;
  const children = [];
  let said = "";
  const start = (program, words, env) => {
    const child = spawn(program, words, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, ...env } });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
    children.push(child);
  };
  const stop = async () => {
    for (const child of children.reverse()) {
      const ended = child.exitCode === null && new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const hard = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(hard);
    }
    rmSync(folder, { recursive: true });
  };
  const secret = { APPLY_COOKIES_SECRET_KEY: randomBytes(32).toString("base64url") };
  const api = `unix:${folder}/api.sock`;
  start(PROGRAM, ["serve", "--listen", `127.0.0.1:${service}`, "--origin", origin, "--api-listen", api], secret);
  start(python, ["-P", "-B", "-m", ...command(app)], {
    ...secret,
    APPLY_COOKIES_API_LISTEN: api,
    PYTHONPATH: `${APPS}:${join(PYTHON, "src")}`,
    FOLDER: folder,
    PORT: String(app),
  });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder};`);
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; pid ${folder}/pid; error_log stderr; ${process.getuid() === 0 ? "user root;" : ""}
     events {} http { access_log off; ${temporary.join(" ")}
       map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
       server {
         listen 127.0.0.1:${front};
         ${RULE.replace("http://127.0.0.1:8788", `http://127.0.0.1:${service}`)}
         location / {
           proxy_pass http://127.0.0.1:${app}; proxy_http_version 1.1; proxy_buffering off;
           proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade;
           proxy_set_header Connection $connection_upgrade;
         }
       } }`,
  );
  start("nginx", ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"]);
  try {
    const end = Date.now() + PATIENCE;
    for (const port of [service, app, front]) {
      while (!(await canConnect(port))) {
        if (Date.now() > end || children.some((child) => child.exitCode !== null)) throw new Error(said);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    // Tokens of other processes are let in five seconds after the service began.
    while (!(await ready(`${folder}/api.sock`))) {
      if (Date.now() > end) throw new Error(said);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin, stop, said: () => said };
}

const ready = (path) =>
  new Promise((resolve) => {
    const socket = connect(path);
    let answer = "";
    socket.once("error", () => resolve(false)).once("close", () => resolve(/^HTTP\/1.1 200/.test(answer)));
    socket.on("data", (data) => (answer += data));
    socket.write("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  });
