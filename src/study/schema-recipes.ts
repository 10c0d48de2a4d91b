import { z } from 'zod'
import { TORCH_DTYPES } from '../engines/torch/plan.ts'
import { RECIPES } from '../recipes/index.ts'

export const RECIPE_IDS = RECIPES.map((recipe) => recipe.id) as [string, ...string[]]
const OUTPUTS = ['dense', 'sparse', 'hybrid'] as const
const POOLINGS = ['cls', 'mean', 'max', 'mean_sqrt_len', 'weightedmean', 'lasttoken'] as const

export const id = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N}._+@-]*$/u,
    'must be letters, digits and . _ + @ - only, since it names files and table rows',
  )
  .describe('Name in tables and files; unique in the study. Default: made from what it names.')

export const prompts = z
  .strictObject({
    query: z.string().optional().describe('For queries.'),
    document: z.string().optional().describe('For documents.'),
  })
  .describe(
    "Text around queries and documents, spaces included: `{text}` stands for the query or document, `{task}` for the collection's task instruction; without `{text}` it is put before. Default: what the recipe, or the model's own files, say.",
  )

const length = (side: string) => z.int().positive().optional().describe(`Tokens kept of a ${side}.`)
export const maxLength = z
  .union([z.int().positive(), z.strictObject({ query: length('query'), document: length('document') })])
  .describe(
    'Tokens kept of a text: of the whole prompt, or, for recipes such as promptreps, of the text alone. Default: what the recipe says.',
  )

const layer = z
  .number()
  .describe(
    'Layer whose states are pooled: 0 (embeddings) to the number of layers, negative from the end, or a fraction of the depth such as 0.94. Default: the last.',
  )

const postprocessStep = z
  .union([
    z.enum(['center', 'normalize', 'int8', 'binary']),
    z.strictObject({
      center: z.enum(['modality']).describe('Texts, images, and images with text, each centred by their own mean.'),
    }),
    z.strictObject({ abtt: z.int().positive().describe('Principal components that are taken out after centring.') }),
    z.strictObject({
      whiten: z.number().gt(0).max(1).describe('Power: 1 whitens fully, 0.5 by half.'),
      shrinkage: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('Of the covariance towards a multiple of the identity. Default: Ledoit and Wolf’s estimate.'),
    }),
    z.strictObject({ pca: z.int().positive().describe('Principal components that are kept.') }),
    z.strictObject({ truncate: z.int().positive().describe('First numbers that are kept (Matryoshka).') }),
  ])
  .describe('A step of post-processing.')

const postprocess = z
  .array(postprocessStep)
  .describe(
    "What is done to vectors after encoding, in order, fitted on the collection's documents only (queries are centred by the mean of training queries, or of document sentences under the query prompt). Nothing is encoded again for it.",
  )

export const ONNX_DTYPES = ['float32', 'int8', 'int4'] as const
export const dtype = z
  .enum([...new Set([...ONNX_DTYPES, ...TORCH_DTYPES])])
  .describe(
    'Precision of the weights. `engine: onnx`: float32 (default), int8 or int4; 8 and 4 bits have a scale per channel and block, take less memory and are slightly worse. `engine: torch`: float32 (default on the processor), bfloat16 (default on GPUs), float16, which overflows in some models and is refused for these, or float8: the layers’ matrix products of language models in 8-bit floating point, faster on recent GPUs and measurably worse. `engine: llama`: float32 or float16 (default: whichever the checkpoint has), bfloat16, or int8 (Q8_0), of the GGUF file that it makes of a checkpoint; a .gguf file is taken as it is.',
  )

export const ONNX_DEVICES = ['cpu', 'cuda', 'coreml', 'dml', 'webgpu'] as const
/** For people. */
export const TORCH_DEVICES = 'auto, cpu, mps, cuda, cuda:N, cuda:0,1 or cuda:all'
/** A device of any engine; which of them, the engine says. */
export const DEVICE = /^(auto|cpu|mps|coreml|dml|webgpu|metal|vulkan|cuda(:(all|\d+(,\d+)*))?)$/

/** What a sweep can go over. */
const sweepable = {
  system: z
    .string()
    .optional()
    .describe(
      "System turn of chat layouts: `default` (what the model's template puts there), `none`, or a text. Default: `default`.",
    ),
  prompts: prompts.optional(),
  pooling: z
    .union([z.enum(POOLINGS), z.array(z.enum(POOLINGS)).min(1)])
    .optional()
    .describe("How token states become one vector. Default: what the recipe, or the model's files, say."),
  layer: layer.optional(),
  finalNorm: z
    .boolean()
    .optional()
    .describe("Whether the model's last norm is applied to the states. Default: true for the last layer only."),
  attention: z
    .enum(['causal', 'bidirectional'])
    .optional()
    .describe('Direction of attention. Default: what the recipe says.'),
  eos: z.boolean().optional().describe('Whether the end-of-sequence token is put last. Default: what the recipe says.'),
  layout: z
    .string()
    .optional()
    .describe(
      'Layout of `instruct` (e5, qwen3, gte, bge-code; default e5) or `vision-chat` (gme, dse, qwen3-vl; default gme).',
    ),
  generateTokens: z
    .int()
    .nonnegative()
    .max(64)
    .optional()
    .describe('`promptreps`: tokens decoded at most, whose states are averaged. Default: 0, the first one only.'),
  maxLength: maxLength.optional(),
  normalize: z.boolean().optional().describe('Scale vectors to length 1.'),
  postprocess: postprocess.optional(),
  alpha: z.number().min(0).max(1).optional().describe('Weight of the dense half of a hybrid. Default: 0.5.'),
  queryMean: z
    .enum(['auto', 'train', 'sentences'])
    .optional()
    .describe(
      'Whose mean the query side is centred by: training queries, or sentences of documents under the query prompt. Default: auto, the former where there are 50.',
    ),
  dtype: dtype.optional(),
}

export const recipeObject = z.strictObject({
  id: id.optional(),
  recipe: z.enum(RECIPE_IDS).describe('How the model becomes a retriever; `fieldtrial recipe list` tells of each.'),
  output: z
    .union([z.enum(OUTPUTS), z.array(z.enum(OUTPUTS)).min(1)])
    .optional()
    .describe(
      '`promptreps`: which of its retrievers: dense, sparse, or hybrid (both, by min–max and alpha); several cost one encoding. Default: dense.',
    ),
  ...sweepable,
  sweep: z
    .strictObject(
      Object.fromEntries(
        Object.entries(sweepable).map(([name, schema]) => [
          name,
          z.array(schema.unwrap()).min(1).optional().describe(`Values of \`${name}\` to try.`),
        ]),
      ) as {
        [K in keyof typeof sweepable]: z.ZodOptional<z.ZodArray<ReturnType<(typeof sweepable)[K]['unwrap']>>>
      },
    )
    .optional()
    .describe('Lists of values; every combination becomes a retriever of its own.'),
})

export type RecipeInput = z.infer<typeof recipeObject>
export type PostprocessInput = z.infer<typeof postprocessStep>
