import { decoder, shape } from './build.ts'
import type { ModelEntry } from './types.ts'

/** The shape of every Mistral 7B; version 0.3 has a longer vocabulary. */
export const mistralShape = (vocabulary: number, head: 'own' | 'none' = 'own') =>
  shape(32, 4096, 32, 8, 14_336, vocabulary, head)

export const MISTRAL_EOS = { text: '</s>', id: 2 } as const
export const MISTRAL_BOS = { text: '<s>', id: 1 } as const

const VERSIONS: readonly [
  version: string,
  vocabulary: number,
  base: string | null | undefined,
  instruct: string | null,
][] = [
  ['v0.1', 32_000, '27d67f1b5f57dc0953326b2601d68371d40ea8da', null],
  // The base model of version 0.2 is not on the hub under its makers' name.
  ['v0.2', 32_000, undefined, '63a8b081895390a26e140280378bc85ec8bce07a'],
  ['v0.3', 32_768, null, 'c170c708c41dac9275d15a8fff4eca08d52bab71'],
]

/** Mistral 7B (Jiang et al. 2023, arXiv:2310.06825). */
export const MISTRAL: readonly ModelEntry[] = VERSIONS.flatMap(([version, vocabulary, baseRevision, revision]) => {
  const common = {
    family: 'mistral',
    kind: 'llm',
    architecture: 'mistral',
    shape: mistralShape(vocabulary),
    context: 32_768,
    eos: MISTRAL_EOS,
    bos: MISTRAL_BOS,
    licence: 'apache-2.0',
  } as const
  const windowed = version === 'v0.1' ? ' Attention looks back 4,096 tokens only (sliding window).' : ''
  const instruct = decoder({
    ...common,
    name: `mistral-7b-instruct-${version}`,
    hub: `mistralai/Mistral-7B-Instruct-${version}`,
    revision,
    specialisation: 'instruct',
    chat: true,
    ...(baseRevision === undefined
      ? {}
      : { descendsFrom: { name: `mistral-7b-${version}`, how: 'instruction tuning' } }),
    recipe: { recipe: 'promptreps' },
    note: `It has no pad token; its template puts a system turn into the user turn, or refuses it.${windowed}`,
    unverified: ['tokens', 'systemTurn', 'licence'],
  })
  if (baseRevision === undefined) return [instruct]
  const base = decoder({
    ...common,
    name: `mistral-7b-${version}`,
    hub: `mistralai/Mistral-7B-${version}`,
    revision: baseRevision,
    specialisation: 'base',
    recipe: { recipe: 'prompteol' },
    note: `It has no pad token and no chat template.${windowed}`,
    unverified: ['tokens', 'licence'],
  })
  return [base, instruct]
})
