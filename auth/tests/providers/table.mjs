// Runs the attacks on the targets that are named, and prints one table: node table.mjs axum actix apache
// streamlit=FOLDER_OF_ITS_VENV

import { attacks } from "./attacks.mjs";
import { run } from "./support/run.mjs";
import { apache } from "./targets/apache.mjs";
import { ours } from "./targets/ours.mjs";
import { streamlit } from "./targets/streamlit.mjs";

const targets = process.argv.slice(2).map((name) => (name === "apache" ? apache : name.startsWith("streamlit=") ? streamlit(name.slice(10)) : ours(name)));
const results = await Promise.all(targets.map((target) => run(target, attacks)));

const COUNTED = / exchanges of one code$/;
function cell({ attack, accepted, said, lacks }) {
  if (lacks) return `not run: ${lacks}`;
  if (!accepted) return said === "nothing" ? "refused, silently" : `refused: ${said || "no page"}`;
  if (COUNTED.test(accepted)) return `no session, but **${accepted}**`;
  const how = accepted === "the person" ? "" : `: ${accepted.length > 40 ? "as that subject" : accepted.includes(" ") ? accepted : `as ${accepted}`}`;
  return attack.design ? `accepted${how}; by design: ${attack.design}` : `**ACCEPTED**${how}`;
}
const line = (cells) => console.log(`| ${cells.join(" | ")} |`);
line(["attack", "what is changed", ...targets.map(({ name }) => name)]);
line(["---", "---", ...targets.map(() => "---")]);
attacks.forEach(({ group, name, does }, at) => line([`${group}: ${name}`, does, ...results.map((of) => cell(of[at]))]));

console.log("\nAccepted is a session, or what the second column asks. Before each attack, the same sign-in with nothing changed has succeeded in the same run.\n");
line(["", ...targets.map(({ name }) => name)]);
line(["---", ...targets.map(() => "---")]);
const count = (title, holds) => line([title, ...results.map((of) => of.filter(holds).length)]);
line(["version", ...targets.map((target) => target.version() || "this one")]);
count("attacks", ({ lacks }) => !lacks);
count("accepted", ({ accepted, attack }) => accepted && !attack.design && !COUNTED.test(accepted));
count("accepted by design", ({ accepted, attack }) => accepted && attack.design);
count("a code exchanged again", ({ accepted }) => accepted && COUNTED.test(accepted));
count("refused", ({ lacks, accepted }) => !lacks && !accepted);
count("of these silently", ({ lacks, accepted, said }) => !lacks && !accepted && said === "nothing");
count("not run", ({ lacks }) => lacks);
