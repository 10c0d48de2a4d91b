import { incompleteBeta } from './distributions.ts'

export interface SignTest {
  readonly wins: number
  readonly losses: number
  readonly ties: number
  /** Two-sided, exact; 1 without wins and losses. */
  readonly p: number
}

/** Sign test: were wins and losses equally likely, how likely is a split as uneven as this? Ties are left out. */
export function signTest(differences: ArrayLike<number>): SignTest {
  let wins = 0
  let losses = 0
  for (let i = 0; i < differences.length; i++) {
    if (differences[i]! > 0) wins++
    else if (differences[i]! < 0) losses++
  }
  const few = Math.min(wins, losses)
  // P(X ≤ few) of a binomial with p = ½ is I_½(n − few, few + 1).
  const p = wins === losses ? 1 : Math.min(1, 2 * incompleteBeta(0.5, wins + losses - few, few + 1))
  return { wins, losses, ties: differences.length - wins - losses, p }
}
