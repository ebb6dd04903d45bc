// However an event stream is cut into chunks, frames stand between its events, and its own bytes are
// as they were.

import assert from "node:assert/strict";
import { test } from "node:test";

import { EventStream } from "../../server/sse.js";

const STREAMS = ["data: a\n\ndata: b\n\n", "data: a\r\n\r\n: ping\r\n\r\n", "id: 1\rdata: x\r\rdata: y\r\r", "\n\ndata: a\ndata: b\n\n\n", "data: a"];

/** Where an event has ended, by the standard's own grammar: behind two line ends in a row. */
const ends = (text) => {
  const places = new Set([0]);
  const lines = [...text.matchAll(/\r\n|\n|\r/g)].map(({ index, 0: { length } }) => [index, index + length]);
  lines.forEach(([start, end], i) => {
    if (start === 0 || lines[i - 1]?.[1] === start) places.add(end);
  });
  return places;
};

test("places between events are those of the grammar, wherever chunks end", () => {
  for (const text of STREAMS) {
    const bytes = new TextEncoder().encode(text);
    const wanted = ends(text);
    for (let mask = 0; mask < 2 ** (bytes.length - 1); mask += 2 ** Math.max(0, bytes.length - 11) - 1 || 1) {
      const stream = new EventStream();
      let begun = 0;
      for (let at = 1; at <= bytes.length; at++) {
        if (at < bytes.length && !((mask >> (at - 1)) & 1)) continue;
        stream.feed(bytes.subarray(begun, at));
        begun = at;
        // Between CR and LF both answers are right: a frame there ends no event of the app's early.
        if (bytes[at - 1] === 13 && bytes[at] === 10) continue;
        assert.equal(stream.between, wanted.has(at), `${JSON.stringify(text)} at ${at}, mask ${mask}`);
      }
    }
  }
});

test("within a chunk it stops behind the first event that ends", () => {
  for (const [text, first] of [["a\n\nb\n\n", 3], ["a\r\n\r\nb", 5], ["a\nb", 3], ["\n", 1], ["a\r\rb", 3]]) {
    assert.equal(new EventStream().feed(new TextEncoder().encode(text), true), first, JSON.stringify(text));
  }
});
