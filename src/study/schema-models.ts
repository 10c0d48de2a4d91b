import { z } from 'zod'
import { LLAMA_DEVICES } from '../engines/llama/devices.ts'
import { MergeSchema } from '../fusion/weights/index.ts'
import {
  DEVICE,
  dtype,
  id,
  maxLength,
  ONNX_DEVICES,
  prompts,
  RECIPE_IDS,
  recipeObject,
  TORCH_DEVICES,
} from './schema-recipes.ts'
import { TrainSchema, trainOther } from './schema-train.ts'

export const modelObject = z.strictObject({
  id: id.optional(),
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A folder in sentence-transformers or transformers layout, a .gguf file (`engine: llama` or `torch`), a name that `fieldtrial models` lists, a Hugging Face id (`owner/name` or `owner/name@revision`), or, for `engine: http`, the name that the server knows.',
    ),
  merge: MergeSchema.optional().describe(
    'In place of `model`: models of one ancestor merged into one, made when the study runs. See docs/merging.md.',
  ),
  train: z
    .union([z.string().min(1), TrainSchema, trainOther])
    .optional()
    .describe(
      'In place of `model`: a training file, the same for another base (`{ file, model }`), or what stands in one; the model is trained first, unless it has been, and then used with the recipe that it was trained with. See docs/training.md.',
    ),
  engine: z
    .enum(['onnx', 'http', 'torch', 'llama'])
    .optional()
    .describe(
      'What runs the model: `onnx` in this process, `torch` in PyTorch beside it (GPUs, GGUF, adapters; see `fieldtrial setup`), `llama` in llama.cpp beside it (GGUF files, and decoders of which it makes one), or `http` for a server. Default: `http` if `url` is given, `llama` for a .gguf file, else `onnx`.',
    ),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Base address of an OpenAI-compatible (`…/v1`) or TEI server.'),
  api: z
    .enum(['openai', 'tei'])
    .optional()
    .describe('Which interface the server speaks. Default: `openai` if the address ends in /v1, else `tei`.'),
  apiKeyEnv: z
    .string()
    .optional()
    .describe(
      'Environment variable that holds the key. Default: OPENAI_API_KEY for servers elsewhere, none for local ones.',
    ),
  dimensions: z.int().positive().optional().describe('Ask the server for vectors of this size (models that allow it).'),
  batchSize: z.int().positive().max(4096).optional().describe('Texts per request. Default: 32.'),
  concurrency: z.int().positive().max(64).optional().describe('Requests under way at once. Default: 2.'),
  timeoutSeconds: z.number().positive().optional().describe('How long a request may take. Default: 120.'),
  retries: z
    .int()
    .nonnegative()
    .max(100)
    .optional()
    .describe('How often a request is tried again after 429, 5xx and broken connections. Default: 5.'),
  dtype: dtype.optional(),
  device: z
    .string()
    .regex(
      DEVICE,
      `must be one of ${ONNX_DEVICES.join(', ')}, for engine: torch ${TORCH_DEVICES}, or for engine: llama ${LLAMA_DEVICES.join(', ')}`,
    )
    .optional()
    .describe(
      `What computes. In \`engine: onnx\` ${ONNX_DEVICES.join(', ')}, where onnxruntime was built with it; default: cpu. In \`engine: torch\` ${TORCH_DEVICES}; default: auto, the first GPU if there is one. In \`engine: llama\` ${LLAMA_DEVICES.join(', ')}; default: auto, the best that is there.`,
    ),
  adapter: z
    .string()
    .min(1)
    .optional()
    .describe(
      'LoRA weights for the model, in PEFT’s layout, for `engine: torch`: a folder, or `owner/name` on the hub. Refused where they were made for another base.',
    ),
  minPixels: z
    .int()
    .positive()
    .optional()
    .describe(
      'Least pixels of an image, which is enlarged to them: for vision-language models with `engine: torch`. Default: what the model’s preprocessor_config.json says.',
    ),
  maxPixels: z
    .int()
    .positive()
    .optional()
    .describe(
      'Most pixels of an image, which is made smaller: time and memory grow with them, since every 28 × 28 (or 32 × 32) pixels are a token. Default: as above.',
    ),
  recipes: z
    .array(z.union([z.enum(RECIPE_IDS), recipeObject]))
    .min(1)
    .optional()
    .describe("Recipes for this model, in place of the study's."),
  maxLength: maxLength.optional(),
  prompts: prompts.optional(),
  normalize: z
    .boolean()
    .optional()
    .describe("Scale vectors to length 1. Default: what the model's files say; true for servers."),
})

export type ModelInput = z.infer<typeof modelObject>
