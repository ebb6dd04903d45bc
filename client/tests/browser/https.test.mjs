// As in production: pages and endpoint on https, where every cookie is Secure.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startRig } from "../support/rig.mjs";
import { startTlsProxy } from "../support/tls-proxy.mjs";

import { launch, newVisitor } from "./support/browser.mjs";
import { cookiesOf } from "./support/demo-page.mjs";
import { endsOf, hand, load, mint, openTab } from "./support/rig-tabs.mjs";
import { LIMIT } from "./support/stage.mjs";

test("over https the cookies keep what they were given, and the server knows them after a reload", LIMIT, async (t) => {
  const proxy = await startTlsProxy();
  t.after(proxy.stop);
  const rig = await startRig(proxy.origin, 60_000);
  t.after(rig.stop);
  proxy.port = rig.port;
  const browser = await launch();
  t.after(() => browser.close());
  const context = await newVisitor(browser, { ignoreHTTPSErrors: true });
  const url = `${proxy.origin}/`;
  const tab = await openTab(context, url);
  const known = () => tab.evaluate(async () => (await fetch("/session")).text());
  assert.equal(await known(), "");

  const apply = async (name) => {
    await hand(tab, (await mint(tab, [name]))[0]);
    assert.deepEqual(await endsOf(tab), ["applied"]);
  };
  await apply("set:signed-in");
  const { session, "__Host-apply-cookies": binding } = await cookiesOf(context, url);
  assert.equal(session.value, "signed-in");
  for (const { name, httpOnly, secure, sameSite } of [session, binding]) {
    assert.deepEqual({ httpOnly, secure, sameSite }, { httpOnly: true, secure: true, sameSite: "Lax" }, name);
  }
  assert.equal(await tab.evaluate(() => document.cookie), "");

  await tab.reload();
  assert.equal(await known(), "signed-in");
  await tab.evaluate(load);
  await apply("sign-out:1");
  await tab.reload();
  assert.equal(await known(), "");
  assert.deepEqual(Object.keys(await cookiesOf(context, url)), ["__Host-apply-cookies"]);
});
