/** Tokens found in a text as offsets into it, in a growing array that is used again for the next text. */
export class Spans {
  /** Triples: start, end (exclusive), kind; `length` counts the numbers in use. Offsets are in UTF-16 code units. */
  data = new Int32Array(3 * 1024)
  length = 0

  clear(): void {
    this.length = 0
  }

  push(start: number, end: number, kind: number): void {
    const { length } = this
    if (length + 3 > this.data.length) {
      const larger = new Int32Array(this.data.length * 2)
      larger.set(this.data)
      this.data = larger
    }
    this.data[length] = start
    this.data[length + 1] = end
    this.data[length + 2] = kind
    this.length = length + 3
  }
}
