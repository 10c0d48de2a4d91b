import { FieldtrialError } from '../../core/errors.ts'
import { didYouMean } from '../../core/suggest.ts'
import { DEEPSEEK } from './deepseek.ts'
import { ENCODERS } from './encoders.ts'
import { GEMMA } from './gemma.ts'
import { LLAMA } from './llama.ts'
import { MISTRAL } from './mistral.ts'
import { NANO, NANO_SIBLINGS } from './nano.ts'
import { QWEN25 } from './qwen2.5.ts'
import { QWEN25_CODER } from './qwen2.5-coder.ts'
import { QWEN25_MATH } from './qwen2.5-math.ts'
import { QWEN25_VL } from './qwen2.5-vl.ts'
import { QWEN3 } from './qwen3.ts'
import { QWEN3_EMBEDDING } from './qwen3-embedding.ts'
import { RETRIEVERS } from './retrievers.ts'
import { SPECIALIZED_LLMS, STUDY_CHECKPOINTS } from './study-checkpoints.ts'
import type { ModelEntry } from './types.ts'

export { type MemoryEstimate, MODEL_DTYPES, type ModelDtype, memoryEstimate } from './memory.ts'
export type * from './types.ts'

/** All models that can be named without an address, family by family. */
export const namedModels: readonly ModelEntry[] = [
  ...NANO,
  ...QWEN25,
  ...QWEN25_CODER,
  ...QWEN25_MATH,
  ...QWEN25_VL,
  ...DEEPSEEK,
  ...QWEN3,
  ...QWEN3_EMBEDDING,
  ...LLAMA,
  ...MISTRAL,
  ...GEMMA,
  ...RETRIEVERS,
  ...ENCODERS,
  ...STUDY_CHECKPOINTS,
]

/** Models that are tried together, by the name of the group. */
export const modelGroups: Readonly<Record<string, readonly string[]>> = {
  'specialized-llms': SPECIALIZED_LLMS,
  'specialized-llms-1.5b': [
    'qwen2.5-1.5b',
    'qwen2.5-1.5b-instruct',
    'qwen2.5-coder-1.5b',
    'qwen2.5-coder-1.5b-instruct',
    'qwen2.5-math-1.5b',
    'qwen2.5-math-1.5b-instruct',
    'deepseek-r1-distill-qwen-1.5b',
  ],
  'specialized-llms-0.5b': [
    'qwen2.5-0.5b',
    'qwen2.5-0.5b-instruct',
    'qwen2.5-coder-0.5b',
    'qwen2.5-coder-0.5b-instruct',
  ],
  'specialized-llms-nano': NANO_SIBLINGS,
  'specialized-llms-lora': SPECIALIZED_LLMS.map((name) => `${name}-msmarco-lora`),
}

/**
 * The model of this name or hub id, in whatever case; `@revision` behind it is passed over. Undefined for unknown ones, and for a hub id that
 * holds several models.
 */
export function modelByName(name: string): ModelEntry | undefined {
  const wanted = name.toLowerCase().replace(/@.*$/, '')
  const named = namedModels.find((model) => model.name === wanted)
  if (named) return named
  const onHub = namedModels.filter((model) => model.hub?.toLowerCase() === wanted)
  return onHub.length === 1 ? onHub[0] : undefined
}

/** @throws FieldtrialError `MODEL_MISSING` with the nearest name. */
export function requireModel(name: string): ModelEntry {
  const model = modelByName(name)
  if (model) return model
  throw unknownModel(name)
}

/** The error for a short name that nobody knows. */
export function unknownModel(name: string): FieldtrialError {
  const near = didYouMean(
    name,
    namedModels.map((model) => model.name),
  )
  return new FieldtrialError('MODEL_MISSING', `There is no model folder ${name}, and no model is called so.`, {
    hint: `${near.startsWith('Did') ? `${near} ` : ''}\`fieldtrial models\` lists all names; a model on the hub is named owner/name.`,
  })
}

/** The named model that this one was trained from; undefined for roots. */
export function baseOf(name: string): ModelEntry | undefined {
  const ancestor = modelByName(name)?.descendsFrom?.name
  return ancestor === undefined ? undefined : modelByName(ancestor)
}

/** The model and its ancestors, nearest first: `deepseek-r1-distill-qwen-7b`, `qwen2.5-math-7b`, `qwen2.5-7b`. Empty for unknown names. */
export function lineOf(name: string): ModelEntry[] {
  const line: ModelEntry[] = []
  for (let model = modelByName(name); model !== undefined; model = baseOf(model.name)) line.push(model)
  return line
}

/** All other models that come from the same root, adapters left out: what a specialised model is to be compared with. */
export function siblingsOf(name: string): ModelEntry[] {
  const line = lineOf(name)
  const root = line.at(-1)
  return namedModels.filter(
    (model) =>
      model.kind !== 'adapter' && model !== line[0] && root !== undefined && lineOf(model.name).at(-1) === root,
  )
}
