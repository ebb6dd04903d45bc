// What the targets made of the attacks, as Markdown.

/** An attack that gave no session, but made the app ask the provider once more for a code that was used. */
const again = ({ accepted }) => / exchanges of one code$/.test(accepted);
const BY_DESIGN = { holds: ({ accepted, attack }) => accepted && attack.design };

function cell(result, isOurs) {
  const { attack, accepted, said, lacks } = result;
  if (lacks) return `not run: ${lacks}`;
  if (!accepted) return isOurs && /^[a-z-]+$/.test(said) ? `\`${said}\`` : isOurs && said === "begins anew" ? said : "refused";
  if (again(result)) return "no session, but the code is exchanged again";
  const how = accepted === "the person" ? "" : `: ${accepted.includes("aaa") ? "as that subject" : accepted.includes(" ") ? accepted : `as ${accepted.replace(/^alice-\d+$/, "the other subject")}`}`;
  return BY_DESIGN.holds(result) ? `accepted${how} (${attack.design})` : `**accepted**${how}`;
}

const line = (cells) => `| ${cells.join(" | ")} |`;
const head = (cells) => [line(cells), line(cells.map(() => "---"))];

/** `columns`: {name, version, ours, results}. With `all`, also the attacks that everybody has refused. */
export function table(columns, { all = false } = {}) {
  const rows = columns[0].results.map(({ attack }, at) => ({ attack, results: columns.map(({ results }) => results[at]) }));
  const shown = all ? rows : rows.filter(({ results }) => results.some(({ accepted }) => accepted));
  const count = (title, holds) => line([title, ...columns.map(({ results }) => results.filter(holds).length)]);
  return [
    ...head(["attack", "what is changed", ...columns.map(({ name }) => name)]),
    ...shown.map(({ attack, results }) => line([`${attack.group}: ${attack.name}`, attack.does, ...results.map((result, at) => cell(result, columns[at].ours))])),
    "",
    ...head(["", ...columns.map(({ name }) => name)]),
    line(["version", ...columns.map(({ version }) => version || "this one")]),
    count("attacks run", ({ lacks }) => !lacks),
    count("accepted", (result) => result.accepted && !again(result) && !BY_DESIGN.holds(result)),
    count("accepted, by design", (result) => BY_DESIGN.holds(result) && !again(result)),
    count("no session, but a used code exchanged again", again),
    count("refused", ({ accepted, lacks }) => !lacks && !accepted),
    count("of these without a word to the person", ({ accepted, lacks, said }) => !lacks && !accepted && said === "nothing"),
  ];
}
