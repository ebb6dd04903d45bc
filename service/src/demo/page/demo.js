// Brings the page to life. Each transport is a module of its own, and so are the attacks.

import { keepAccent } from "./accent.js";
import { offerAttacks } from "./attacks.js";
import { onToken } from "./redemptions.js";
import { signInAndOut } from "./sign-in.js";
import { countVisits } from "./visits.js";
import { refresh, showToken } from "./whoami.js";

onToken(showToken);
signInAndOut(document.querySelector("#sse"));
keepAccent(document.querySelector("#websocket"));
countVisits(document.querySelector("#html"));
offerAttacks();
await refresh();
