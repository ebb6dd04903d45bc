// What a run prints: how many sign-ins ended how, what the proxy did, and how long the cookie took.

const KINDS = {
  applied: "applied",
  expired: "failed, and the receipt says expired",
  "answers lost": "failed though given out in time: every answer was lost",
  silence: "ended in silence",
};

export function summary({ name, seed, kinds, known, counts, seconds }) {
  const twice = Object.values(known).filter(({ redemptions }) => redemptions > 1);
  const of = (kind) => kinds.filter((end) => end.kind === kind);
  const times = of("applied").map(({ took }) => took);
  const faults = Object.entries(counts).filter(([what, n]) => n > 0 && /^(request |answer |down|broken)/.test(what));
  return [
    `${name} (seed ${seed})`,
    `  ${kinds.length} sign-ins in ${seconds.toFixed(1)} s`,
    ...Object.entries(KINDS).map(([kind, text]) => row(of(kind), text)),
    row(twice, "given out under two redemption ids"),
    `  time to the cookie: ${percentile(times, 0.5)} ms p50, ${percentile(times, 0.99)} ms p99, ${percentile(times, 1)} ms longest`,
    `  ${counts.requests} requests at the proxy; ${faults.map(([what, n]) => `${what} ${n}`).join(", ")}`,
  ].join("\n");
}

const row = (found, text) => `  ${String(found.length).padStart(6)} ${text}`;

function percentile(times, share) {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted.length === 0 ? "-" : sorted[Math.ceil(share * sorted.length) - 1].toFixed(0);
}
