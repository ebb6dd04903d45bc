// Answers by node:crypto, as `apply-cookies/server` does.

import { nodeCrypto } from "../server/crypto-node.js";
import { run } from "./program.js";

await run(nodeCrypto, "node");
