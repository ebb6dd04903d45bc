// Like ./order.test.mjs, where the browser itself knows that it has no network.

import { test } from "node:test";

import { LIMIT, playThroughOutages, setOrderStage } from "./support/order.mjs";

const stage = setOrderStage();

test("the order over three tabs is kept while the browser is offline for a while", LIMIT, async (t) => {
  const played = await stage(t);
  const { context } = played;
  await playThroughOutages(played, () => context.setOffline(true), () => context.setOffline(false));
});
