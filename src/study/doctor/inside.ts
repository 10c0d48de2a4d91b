import { cosine } from '../../engines/conformance/compare.ts'
import { type Handling, rightHandling } from '../../engines/onnx/handling.ts'
import type { Laboratory } from '../../engines/onnx/laboratory.ts'
import type { Prompt } from '../../recipes/types.ts'
import type { Check } from './check.ts'
import type { Reference } from './engines.ts'
import { bare } from './variants.ts'

const SIDES = ['query', 'document'] as const
/** Least cosine of the same vector computed in two ways: float32 rounding, and rounding to 8 bits and fewer. */
const SAME = { float32: 0.9999, rounded: 0.99 }

type Rows = readonly Float32Array[]

/** What can be seen only from inside the model: the final norm, what padding would do, and what the prompts do. */
export async function* checkInside(
  laboratory: Laboratory,
  reference: Reference,
  rounded: boolean,
): AsyncGenerator<Check> {
  const same = rounded ? SAME.rounded : SAME.float32
  yield await checkNorm(laboratory, reference, same)
  yield await checkPadding(laboratory, reference, same)
  yield await checkPrompts(laboratory, reference)
}

const NORMS = ['not applied', 'applied once', 'applied twice'] as const

/** The encoder's vectors against states taken out of the model and pooled apart, with the final norm not, once and twice. */
async function checkNorm(laboratory: Laboratory, reference: Reference, same: number): Promise<Check> {
  const { recipe, task, short } = reference
  const right = rightHandling(recipe)
  const has = recipe.finalNorm !== null
  const handlings = has ? ([0, 1, 2] as const).map((norms): Handling => ({ ...right, norms })) : [right]
  const requests = handlings.flatMap((handling) =>
    SIDES.map((side) => ({ texts: textsOf(reference), side, task, handling })),
  )
  const vectors = await laboratory.vectors(requests)
  const cosines = handlings.map((_, h) =>
    Math.min(...SIDES.map((side, s) => leastCosine(short[side], vectors[h * 2 + s]!))),
  )
  const [asked, best] = [has ? right.norms : 0, cosines.indexOf(Math.max(...cosines))]
  const name = has ? 'final norm' : 'vectors computed apart'
  if (!has)
    return cosines[0]! >= same
      ? { name, status: 'ok', detail: `one by one from all token states: cosine ${cosines[0]!.toFixed(6)} at least` }
      : otherVector(name, cosines[0]!)
  const figures = cosines.map((x, norms) => `${NORMS[norms]} ${x.toFixed(5)}`).join(', ')
  if (cosines[asked]! >= same)
    return { name, status: 'ok', detail: `${NORMS[asked]}, as the recipe has it (lowest cosine: ${figures})` }
  if (cosines[best]! >= same)
    return {
      name,
      status: 'failed',
      detail: `${NORMS[best]}; the recipe has it ${NORMS[asked]} (lowest cosine: ${figures})`,
      hint: 'Likely cause: a fault of the engine. Please report it with the model’s config.json.',
    }
  return otherVector(name, cosines[asked]!)
}

function otherVector(name: string, least: number): Check {
  return {
    name,
    status: 'failed',
    detail: `the encoder’s vectors are not those computed apart from all token states: cosine ${least.toFixed(5)}`,
    hint: 'Likely cause: a fault of the engine, or of the device that computes. Try --device cpu, and report it with the model’s config.json.',
  }
}

/** The engine never pads. Padding behind changes nothing where attention looks back only; what a careless engine would get is told. */
async function checkPadding(laboratory: Laboratory, reference: Reference, same: number): Promise<Check> {
  const { recipe, task, short } = reference
  const right = rightHandling(recipe)
  const token = laboratory.padIds[0]!
  const paddings = [
    { side: 'behind', token, pooled: false },
    { side: 'behind', token, pooled: true },
    { side: 'before', token, pooled: true },
  ] as const
  const vectors = await laboratory.vectors(
    paddings.map((padding) => ({
      texts: textsOf(reference),
      side: 'document' as const,
      task,
      handling: { ...right, padding },
    })),
  )
  const [behind, pooled, before] = vectors.map((rows) => leastCosine(short.document, rows)) as [number, number, number]
  const name = 'padding'
  const careless = `careless padding would show: behind and pooled, cosine ${pooled.toFixed(3)}; before and unmasked, ${before.toFixed(3)}`
  const { decoder } = laboratory
  const causal = decoder !== null && (recipe.attention === 'model' ? decoder.attention : recipe.attention) === 'causal'
  if (!causal)
    return { name, status: 'ok', detail: `the engine never pads; attention looks to both sides here, so ${careless}` }
  if (behind >= same)
    return {
      name,
      status: 'ok',
      detail: `tokens behind the text change nothing (cosine ${behind.toFixed(6)}), and the engine never pads; ${careless}`,
    }
  return {
    name,
    status: 'failed',
    detail: `tokens behind the text change its vector: cosine ${behind.toFixed(5)}`,
    hint: 'Likely cause: attention that is not causal, though the recipe asks for it. Please report it with the model’s config.json.',
  }
}

/** Vectors must differ from those of the bare text on each side that has a prompt. */
async function checkPrompts(laboratory: Laboratory, reference: Reference): Promise<Check> {
  const { recipe, task, short } = reference
  const sides = SIDES.filter((side) => recipe.prompts[side].some(hasText))
  const name = 'prompts'
  const none = SIDES.filter((side) => !sides.includes(side)).map((side) => (side === 'query' ? 'queries' : 'documents'))
  if (sides.length === 0) return { name, status: 'ok', detail: 'the recipe has none' }
  const prompts = { query: recipe.prompts.query.map(bare), document: recipe.prompts.document.map(bare) }
  const handling = rightHandling({ ...recipe, prompts })
  const vectors = await laboratory.vectors(sides.map((side) => ({ texts: textsOf(reference), side, task, handling })))
  const figures = sides.map((side, s) => ({ side, cosine: meanCosine(short[side], vectors[s]!) }))
  const detail = `mean cosine with the bare text: ${figures.map((f) => `${f.side} ${f.cosine.toFixed(4)}`).join(', ')}${none.length > 0 ? `; ${none[0]} have no prompt in this recipe` : ''}`
  const idle = figures.filter((f) => f.cosine > 0.999999)
  if (idle.length === 0) return { name, status: 'ok', detail }
  return {
    name,
    status: 'failed',
    detail,
    hint: `Likely cause: the prompt is missing on the ${idle.map((f) => f.side).join(' and the ')} side, or no pooled token sees it. Look at it with \`fieldtrial recipe show\`.`,
  }
}

function hasText({ parts }: Prompt): boolean {
  return parts.some((part) => part.kind === 'task' || (part.kind === 'literal' && part.text.trim() !== ''))
}

function textsOf({ probes }: Reference): string[] {
  return probes.map(({ text }) => text)
}

function cosines(a: Rows, b: Rows): number[] {
  return a.map((row, i) => cosine(row, b[i]!))
}

function leastCosine(a: Rows, b: Rows): number {
  return Math.min(...cosines(a, b).map((x) => (Number.isNaN(x) ? -1 : x)))
}

function meanCosine(a: Rows, b: Rows): number {
  return cosines(a, b).reduce((sum, x) => sum + x, 0) / a.length
}
