/** Disjoint sets of the numbers from 0, with path halving; the least member stands for its set. */
export class UnionFind {
  readonly #parent: Uint32Array

  constructor(size: number) {
    this.#parent = new Uint32Array(size)
    for (let i = 0; i < size; i++) this.#parent[i] = i
  }

  find(item: number): number {
    const parent = this.#parent
    let at = item
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!
      at = parent[at]!
    }
    return at
  }

  union(a: number, b: number): void {
    const [one, other] = [this.find(a), this.find(b)]
    if (one < other) this.#parent[other] = one
    else this.#parent[one] = other
  }
}
