// Where a frame may stand in an event stream: behind a blank line, or at the start.

const LF = 10;
const CR = 13;

export class EventStream {
  /** Whether the stream stands between two events. */
  between = true;
  #isLineEmpty = true;
  #wasCr = false;

  /**
   * Goes on by these bytes.
   * @param {Uint8Array} bytes
   * @param {boolean} [stop] behind the first event that ends
   * @returns {number} how many bytes it went on by
   */
  feed(bytes, stop = false) {
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      const isSecondHalf = byte === LF && this.#wasCr;
      this.#wasCr = byte === CR;
      if (!isSecondHalf) {
        this.between = (byte === LF || byte === CR) && this.#isLineEmpty;
        this.#isLineEmpty = byte === LF || byte === CR;
      }
      // Not between CR and LF: the LF would be an empty line of its own.
      const isHalf = byte === CR && bytes[i + 1] === LF;
      if (stop && this.between && !isHalf) return i + 1;
    }
    return bytes.length;
  }
}
