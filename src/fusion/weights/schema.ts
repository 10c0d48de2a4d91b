import { z } from 'zod'
import { MERGE_DTYPES, MERGE_METHODS } from './types.ts'

const perDepth = z.union([z.number(), z.array(z.number()).min(1)])
const setting = z.union([
  perDepth,
  z
    .array(
      z.strictObject({
        filter: z.string().min(1).optional().describe('Part of the names of the tensors that it is for. Default: all.'),
        value: perDepth.describe('The number, or a list over the depth.'),
      }),
    )
    .min(1),
])

const source = {
  model: z.string().min(1).describe('A folder, a name that `fieldtrial models` lists, or `owner/name` on the hub.'),
  adapter: z.string().min(1).optional().describe('LoRA weights on top of it.'),
  weight: setting
    .optional()
    .describe('A number, a list over the depth of the model, or rules `{ filter, value }` by tensor name. Default: 1.'),
  density: setting
    .optional()
    .describe('Share of the differences from the base that is kept, for `ties` and `dare_…`. Default: 1.'),
}

const mergeSource = z.strictObject(source)

const sliceSource = z.strictObject({
  ...source,
  layers: z
    .tuple([z.int().nonnegative(), z.int().positive()])
    .describe('First layer, and the one after the last, counted from 0.'),
})

const t = setting
  .optional()
  .describe('Place between the first model (0) and the second (1), for `slerp`. Default: 0.5.')

const mergeSlice = z.strictObject({
  sources: z.array(sliceSource).min(1).describe('Models whose layers are merged here.'),
  t,
})

/** A merge as a file or a part of a study file. */
export const MergeSchema = z.strictObject({
  method: z
    .enum(MERGE_METHODS)
    .describe(
      '`linear`, `slerp`, `task_arithmetic`, `ties`, `dare_linear`, `dare_ties`, or `passthrough` for layers as they are.',
    ),
  base: z
    .string()
    .min(1)
    .optional()
    .describe('The common ancestor, for `task_arithmetic`, `ties` and `dare_…`: differences from it are merged.'),
  models: z.array(mergeSource).min(1).optional().describe('What is merged. Either this or `slices`.'),
  slices: z
    .array(mergeSlice)
    .min(1)
    .optional()
    .describe('Layers of the result, from the first on, with their own sources.'),
  t,
  lambda: setting.optional().describe('Factor of the merged differences. Default: 1.'),
  normalize: z
    .boolean()
    .optional()
    .describe('Divide by the sum of the weights. Default: true for `linear` and `ties`, else false.'),
  dtype: z.enum(MERGE_DTYPES).optional().describe('Of the result. Default: as in the base or the first model.'),
  seed: z.int().nonnegative().optional().describe('Of what `dare_…` drops. Default: 1.'),
  output: z
    .enum(['model', 'adapter'])
    .optional()
    .describe(
      '`adapter`: LoRA weights out of LoRA weights. Default: `adapter` where all sources are adapters and the method is `linear` or `task_arithmetic`.',
    ),
  rank: z
    .int()
    .positive()
    .optional()
    .describe('Rank of a merged adapter. Default: the sum of the ranks, which loses nothing.'),
})

/** The objects of the schema by their place, for suggestions. */
export const MERGE_PLACES = {
  '': MergeSchema,
  models: mergeSource,
  slices: mergeSlice,
  'slices.sources': sliceSource,
}
