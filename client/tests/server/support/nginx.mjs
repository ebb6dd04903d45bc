// A real nginx on a port of this machine, with the rule that the README shows.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort } from "./service.mjs";

/** @param {{ app: string, rule?: string, port?: number }} what */
export async function startNginx({ app, rule = "", port }) {
  port ??= await freePort();
  const folder = mkdtempSync(join(tmpdir(), "apply-cookies-"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder};`);
  const config = join(folder, "nginx.conf");
  writeFileSync(
    config,
    `daemon off; pid ${folder}/pid; error_log stderr; ${process.getuid() === 0 ? "user root;" : ""}
     events {}
     http {
       access_log off; ${temporary.join(" ")}
       map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
       server {
         listen 127.0.0.1:${port};
         ${rule}
         location / {
           proxy_pass ${app};
           proxy_http_version 1.1;
           proxy_set_header Host $http_host;
           proxy_set_header Upgrade $http_upgrade;
           proxy_set_header Connection $connection_upgrade;
         }
       }
     }`,
  );
  const child = spawn("nginx", ["-p", folder, "-c", config, "-e", "stderr"], { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  const url = `http://localhost:${port}`;
  for (let tries = 0; !(await fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false)); tries++) {
    if (child.exitCode !== null || tries > 200) throw new Error("nginx does not answer");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, port, stop };
}
