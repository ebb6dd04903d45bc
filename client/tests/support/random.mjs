// Numbers that look random and can be repeated from a seed.

/** Draws from [0, 1): a splitmix over 32 bits, good enough to choose faults with. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** The seed of this run: a fresh one, unless a failed run is to be seen again. */
export const chosenSeed = () => Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
