import { FieldtrialError } from '../../core/errors.ts'
import { cosine, rowOf } from '../../engines/conformance/compare.ts'
import type { Laboratory } from '../../engines/onnx/laboratory.ts'
import type { EncodeOptions, Encoder } from '../../engines/types.ts'
import { prepareContents } from '../../recipes/contents.ts'
import type { Prompt, Recipe, Side } from '../../recipes/types.ts'
import { type Answers, findCause, hintOf } from './cause.ts'
import type { Check } from './check.ts'
import { PROBES, type Probe } from './texts.ts'
import { batchVariants, longVariants, textVariants, type Variant } from './variants.ts'

/** Least cosine of two engines that do the same: room for 16-bit arithmetic, none for another token. */
const SAME = 0.999
const SIDES = ['query', 'document'] as const

/** What the engine in this process says of the probes. */
export interface Reference {
  readonly recipe: Recipe
  readonly task: string
  /** Those that the recipe does not cut; all where it cuts even the shortest. */
  readonly probes: readonly Probe[]
  /** Per side, their vectors. */
  readonly short: Readonly<Record<Side, readonly Float32Array[]>>
  /** A text longer than the recipe keeps, and its vectors; null where that would take too long. */
  readonly long: { readonly text: string; readonly vectors: Readonly<Record<Side, Float32Array>> } | null
}

/** Asks an encoder for the vectors of the probes, and of a long text. */
export async function askProbes(encoder: Encoder, long: string | null, options: EncodeOptions): Promise<Reference> {
  const texts = [...PROBES.map(({ text }) => text), ...(long === null ? [] : [long])]
  const encoded = {
    query: await encoder.encode(texts, 'query', options),
    document: await encoder.encode(texts, 'document', options),
  }
  const whole = PROBES.map((_, i) => i).filter((i) => SIDES.every((side) => encoded[side].truncated[i] === 0))
  const kept = whole.length > 0 ? whole : PROBES.map((_, i) => i)
  const rows = (side: Side, which: readonly number[]) => which.map((i) => rowOf(encoded[side], i))
  const last = (side: Side) => rowOf(encoded[side], texts.length - 1)
  return {
    recipe: encoder.info.recipe,
    task: options.task ?? '',
    probes: kept.map((i) => PROBES[i]!),
    short: { query: rows('query', kept), document: rows('document', kept) },
    long: long === null ? null : { text: long, vectors: { query: last('query'), document: last('document') } },
  }
}

/** A prompt as it is sent to a server, which tokenises by itself and puts its end token. */
export function templateOf({ parts }: Prompt): string {
  return parts
    .map((part) => (part.kind === 'literal' ? part.text : { contents: '{text}', task: '{task}', image: '' }[part.kind]))
    .join('')
}

/**
 * Compares a server's vectors with those of the engine in this process, text by text: alone, in one batch, and beyond the recipe's length. A
 * difference is looked for among the ways in which encoders go wrong: each is computed in process, and the one whose vectors are the
 * server's is named.
 *
 * @param laboratory The same model and recipe; null where it cannot be looked into, and no cause can be found.
 */
export async function* compareEngines(
  reference: Reference,
  laboratory: Laboratory | null,
  server: Encoder,
  signal?: AbortSignal,
): AsyncGenerator<Check> {
  const { recipe, task, probes } = reference
  if (SIDES.some((side) => recipe.prompts[side].length > 1)) {
    yield {
      name: 'engines compared',
      status: 'warning',
      detail: `${recipe.id} averages the vectors of several prompts, which a server does not; nothing was compared`,
    }
    return
  }
  const options = { task, ...(signal ? { signal } : {}) }
  const ask = async (texts: readonly string[], side: Side) => {
    const contents = texts.map((text) => prepareContents(recipe.contents, text))
    const encoded = await server.encode(contents, side, options)
    return texts.map((_, i) => rowOf(encoded, i))
  }
  const texts = probes.map(({ text }) => text)
  const alone = async (side: Side) => {
    const rows: Float32Array[] = []
    for (const text of texts) rows.push(...(await ask([text], side)))
    return rows
  }
  const name = 'server against engine'
  const single = { query: await alone('query'), document: await alone('document') }
  const [ours, theirs] = [reference.short.document[0]!.length, single.document[0]!.length]
  if (ours !== theirs) {
    yield {
      name,
      status: 'failed',
      detail: `the server’s vectors have ${theirs} numbers, the engine’s ${ours}`,
      hint: 'Likely cause: another model, another pooling, or a head (Dense layer, truncation of dimensions) that one of both lacks.',
    }
    return
  }
  const answers = (given: Record<Side, readonly Float32Array[]>, right: Reference['short']): Answers[] =>
    SIDES.map((side) => ({
      side,
      texts,
      labels: probes.map(({ kind }) => kind),
      right: right[side],
      given: given[side],
    }))
  const compare = (what: string, compared: readonly Answers[], variants: readonly Variant[]) =>
    verdict(`${name}, ${what}`, compared, variants, laboratory, task)

  const first = await compare('texts alone', answers(single, reference.short), textVariants(recipe))
  yield first
  const together = { query: await ask(texts, 'query'), document: await ask(texts, 'document') }
  const pads = laboratory?.padIds ?? []
  if (first.status === 'failed') {
    // The engine's vectors say nothing of batches then; the server's own do.
    const own = await compare('texts in one batch', answers(together, single), [])
    yield own.status === 'ok'
      ? { name: own.name, status: 'ok', detail: 'the server gives the same vectors as for texts alone' }
      : own
    return
  }
  yield await compare('texts in one batch', answers(together, reference.short), batchVariants(recipe, pads))
  yield await compareLong(reference, laboratory, ask, compare)
}

async function compareLong(
  { recipe, long, task }: Reference,
  laboratory: Laboratory | null,
  ask: (texts: readonly string[], side: Side) => Promise<Float32Array[]>,
  compare: (what: string, compared: readonly Answers[], variants: readonly Variant[]) => Promise<Check>,
): Promise<Check> {
  const name = 'server against engine, long texts'
  if (long === null)
    return {
      name,
      status: 'ok',
      detail: `not compared: the recipe keeps ${recipe.maxLength.document} tokens, which takes long here`,
      hint: 'Give a smaller --max-length to both to have truncation compared.',
    }
  const compared: Answers[] = []
  try {
    for (const side of SIDES)
      compared.push({
        side,
        texts: [long.text],
        labels: ['long'],
        right: [long.vectors[side]],
        given: await ask([long.text], side),
      })
  } catch (error) {
    if (!(error instanceof FieldtrialError) || error.code === 'CANCELLED') throw error
    return {
      name,
      status: 'warning',
      detail: `the server refuses a text that the recipe cuts: ${error.message}`,
      hint: 'Start it with truncation (TEI: --auto-truncate; vLLM: truncate_prompt_tokens, sent with --max-length).',
    }
  }
  const uncut = laboratory?.sequences(long.text, {
    side: 'document',
    task,
    handling: { recipe, norms: 0, end: 'recipe', cut: 'none', lowerCase: false, padding: null },
  })
  const whole = uncut?.[0]?.ids.length ?? 0
  const limits = [...new Set([recipe.maxLength.document, recipe.maxLength.query, 512, 256])].filter((n) => n < whole)
  return compare('long texts', compared, longVariants(recipe, limits))
}

async function verdict(
  name: string,
  compared: readonly Answers[],
  variants: readonly Variant[],
  laboratory: Laboratory | null,
  task: string,
): Promise<Check> {
  const cosines = compared.flatMap(({ side, labels, right, given }) =>
    given.map((row, i) => ({ side, label: labels[i]!, cosine: cosine(row, right[i]!) })),
  )
  const least = cosines.reduce((a, b) => (b.cosine < a.cosine ? b : a))
  const mean = cosines.reduce((sum, { cosine }) => sum + cosine, 0) / cosines.length
  const detail = `cosine ${mean.toFixed(5)} on average, ${least.cosine.toFixed(5)} at least (${least.side}, ${least.label})`
  if (least.cosine >= SAME) return { name, status: 'ok', detail: `${detail}, over ${cosines.length} texts` }
  const found = laboratory === null ? null : await findCause(laboratory, variants, compared, task)
  if (found === null && least.cosine >= 0.99)
    return {
      name,
      status: 'warning',
      detail,
      hint: 'So small a difference is most often 16-bit arithmetic: have the server compute in float32 to be sure.',
    }
  return { name, status: 'failed', detail, hint: found === null ? whatDiffers(cosines) : hintOf(found) }
}

/** Where no known cause fits: which texts are off, which are not. */
function whatDiffers(cosines: readonly { side: Side; label: string; cosine: number }[]): string {
  const mean = (of: typeof cosines) => of.reduce((sum, { cosine }) => sum + cosine, 0) / of.length
  const by = (key: 'side' | 'label') =>
    [...Map.groupBy(cosines, (c) => c[key])].map(([value, group]) => `${value} ${mean(group).toFixed(3)}`).join(', ')
  return `No known cause fits. Mean cosine by side: ${by('side')}; by kind of text: ${by('label')}. Compare model revision, layer, attention direction and dtype of the server with \`fieldtrial recipe show\`.`
}
