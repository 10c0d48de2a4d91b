/** Edits (insert, delete, replace, swap of neighbours) between two strings; the restricted Damerau–Levenshtein distance. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, beforeLast[j - 2]! + 1)
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}

/** The known name that was probably meant, or undefined when none is near: case, `-`/`_` and a third of the letters may differ. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const plain = (s: string) => s.toLowerCase().replaceAll(/[-_ ]/g, '')
  const wanted = plain(name)
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(wanted, plain(candidate))
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** A hint for an unknown name: the near miss, else the list of what there is. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const all = [...known]
  const near = nearest(name, all)
  if (near !== undefined) return `Did you mean ${near}?`
  if (all.length === 0) return 'There is none.'
  const shown = all.slice(0, 20).join(', ')
  return all.length > 20 ? `Known: ${shown} and ${all.length - 20} more.` : `Known: ${shown}.`
}
