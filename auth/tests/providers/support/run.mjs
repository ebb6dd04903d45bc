// Runs the attacks on a target: before each, in the same world, a sign-in with nothing changed succeeds.

import { control, startWorld } from "./world.mjs";

/** For each attack: `accepted` (how, or false), `said` (what the person saw), or `lacks` (why it was not run). */
export async function run(target, attacks, report = () => {}) {
  const worlds = new Map();
  const results = [];
  const lacks = ({ needs = {}, ...attack }) => {
    const asked = [...Object.keys(needs), ...["discovery", "outward"].filter((name) => attack[name])];
    return asked.map((name) => target.lacks?.[name]).find(Boolean);
  };
  async function worldOf({ needs = {} }) {
    // Where documents are hostile from the start, nothing good may have been seen before.
    if (needs.fresh || needs.before) return { world: await startWorld(target, needs), own: true };
    const key = JSON.stringify(needs);
    if (!worlds.has(key)) worlds.set(key, await startWorld(target, needs));
    const world = worlds.get(key);
    await control(world);
    return { world };
  }
  try {
    for (const attack of attacks) {
      const missing = lacks(attack);
      if (missing) {
        report(attack, results[results.push({ attack, lacks: missing }) - 1]);
        continue;
      }
      const { world, own } = await worldOf(attack);
      try {
        let outcome = await attack.run(world);
        if (outcome?.lacks) {
          report(attack, results[results.push({ attack, lacks: outcome.lacks }) - 1]);
          continue;
        }
        if (outcome === undefined || typeof outcome === "object") outcome = await world.who();
        const result = { attack, accepted: outcome === world.account ? "the person" : outcome || false, said: world.said() };
        report(attack, results[results.push(result) - 1]);
      } finally {
        if (own) await world.stop();
      }
    }
    for (const world of worlds.values()) await control(world);
  } finally {
    await Promise.all([...worlds.values()].map((world) => world.stop()));
  }
  return results;
}
