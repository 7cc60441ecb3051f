/** A set of line numbers: one bit per line, so that a million lines take 125 kB. */
export class LineSet {
  #bits = new Uint8Array(1_024);

  add(line: number): void {
    const byte = line >> 3;
    if (byte >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(byte + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    this.#bits[byte]! |= 1 << (line & 7);
  }

  has(line: number): boolean {
    return ((this.#bits[line >> 3] ?? 0) & (1 << (line & 7))) !== 0;
  }

  get size(): number {
    let size = 0;
    for (let bits of this.#bits) for (; bits !== 0; bits &= bits - 1) size++;
    return size;
  }

  /** The first line of this set that the other one does not have; undefined if it has all. */
  firstWithout(other: LineSet): number | undefined {
    for (let byte = 0; byte < this.#bits.length; byte++) {
      const rest = this.#bits[byte]! & ~(other.#bits[byte] ?? 0);
      if (rest !== 0) return byte * 8 + Math.log2(rest & -rest);
    }
    return undefined;
  }
}
