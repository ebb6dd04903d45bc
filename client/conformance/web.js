// Answers by WebCrypto, as `apply-cookies/edge` does.

import { webCrypto } from "../server/crypto-web.js";
import { run } from "./program.js";

await run(webCrypto, "webcrypto");
