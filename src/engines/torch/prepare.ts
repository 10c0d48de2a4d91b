import { basename, dirname } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import { resolveRecipe } from '../../recipes/index.ts'
import type { ModelFacts, RecipeParameters } from '../../recipes/types.ts'
import { dualFacts, dualReading } from '../dual/facts.ts'
import { planDual } from '../dual/plan.ts'
import { type DualShape, dualShape } from '../dual/shape.ts'
import { tokenCounter } from '../text/count-tokens.ts'
import { type ModelFolder, readModelFolder } from '../text/files.ts'
import { isGguf, readGguf } from '../text/gguf/file.ts'
import { hashFiles } from '../text/hash.ts'
import { denseFiles } from '../text/head.ts'
import type { Checkpoint } from '../text/safetensors.ts'
import { packageVersion } from '../text/versions.ts'
import type { EncoderInfo, PreparedEncoder } from '../types.ts'
import { type Adapter, readAdapter } from './adapter.ts'
import { resolveDevices } from './devices.ts'
import { TorchEncoder } from './encoder.ts'
import { overflowsFloat16, type TorchFacts, torchFacts } from './facts.ts'
import { exportGguf } from './gguf.ts'
import { memoryNeeded } from './memory-needed.ts'
import type { TorchDtype, TorchPlan } from './plan.ts'
import { previewTorch } from './preview.ts'
import { findPython, type PythonFacts, probePython } from './python.ts'
import { imageReading, planVision, visionWarnings } from './vision.ts'

export interface TorchOptions {
  /** How the model becomes a retriever: an id of `RECIPES`. Default: `sentence-transformers`, what the model's own files say. */
  readonly recipe?: string
  /** What is set over the recipe's defaults. */
  readonly parameters?: RecipeParameters
  /** Default: float32 on the processor, bfloat16 on GPUs. */
  readonly dtype?: TorchDtype
  /** `auto`, `cpu`, `mps`, `cuda`, `cuda:1`, `cuda:0,1` or `cuda:all`. Default: `auto`, the first GPU if there is one. */
  readonly device?: string
  /** Workers on each device; more than one may help on processors with many cores. Default: 1. */
  readonly copies?: number
  /** Folder of a LoRA adapter in PEFT's layout, merged into the model in memory. Default: none. */
  readonly adapter?: string
  /** How the user named the adapter; default: its folder. */
  readonly adapterName?: string
  /** How the user named the model; default: the folder. */
  readonly model?: string
  /** Address on the hub that the model is known by; the adapter's base is compared with it. Default: `model`. */
  readonly baseName?: string
  /** Tokens that go through the model at once, at most. Default: 2048 on the processor, 16384 on GPUs; halved where memory runs out. */
  readonly batchTokens?: number
  /** Least pixels of an image, which is enlarged to them; vision-language models only. Default: what the model's preprocessor_config.json says. */
  readonly minPixels?: number | undefined
  /** Most pixels of an image, which is made smaller. Default: as above. */
  readonly maxPixels?: number | undefined
  /** False pads sequences instead of packing them, for comparisons. Default: true where the architecture allows it. */
  readonly packed?: boolean
  /** Default: `FIELDTRIAL_PYTHON`, else what `fieldtrial setup torch` remembered. */
  readonly python?: string
  /** JSON file that keeps the hashes of weights between runs. Default: none. */
  readonly hashCache?: string
  /** Folder for what is read out of GGUF files. Needed for these only. */
  readonly cache?: string
  readonly signal?: AbortSignal
}

/** Enters every identity: raise it whenever worker or tokenising change what comes out for the same recipe. */
const ENCODING_VERSION = 1
const FLOAT8 = 'float8: matrix products in 8-bit floating point; vectors differ from bfloat16’s, and may rank worse'
/** While loading: 8 bits are made of bfloat16; on the processor float32 stands in for them. */
const BYTES = { float32: 4, bfloat16: 2, float16: 2, float8: 4 } as const

/** The model's files, be it a folder or a GGUF file. */
interface Source {
  readonly files: ModelFolder
  readonly gguf: string | null
  readonly weightsFolder: string
  readonly weights: readonly string[]
  readonly parameters: number
}

/**
 * Reads a model's folder or GGUF file and finds the Python that will run it. No weights are loaded; they are hashed, once per file with
 * `hashCache`.
 *
 * @param model Folder in the layout of transformers or sentence-transformers, or path of a GGUF file.
 * @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID`, `RECIPE_INVALID`, `USAGE`, `CANCELLED`; `ENGINE_FAILED` where there is no usable Python.
 */
export async function prepareTorch(model: string, options: TorchOptions = {}): Promise<PreparedEncoder> {
  const { info, plan } = await planTorch(model, options)
  return {
    info,
    preview: (input, side, task) => previewTorch(plan, input, side, task),
    tokenCounter: () => tokenCounter(plan),
    open: (open = {}) => TorchEncoder.open(info, plan, open),
  }
}

/** What is known of a model before anything is loaded: for encoding, and for training, which makes the same tokens. */
export interface PlannedTorch {
  readonly info: EncoderInfo
  readonly plan: TorchPlan
  readonly files: ModelFolder
}

/** As `prepareTorch`, with all that was found out. */
export async function planTorch(model: string, options: TorchOptions = {}): Promise<PlannedTorch> {
  const python = options.python ?? (await findPython())
  const environment = await probePython(python, { devices: false })
  const name = options.model ?? model
  const source = await readSource(model, python, environment, options)
  const { files } = source
  const shape = dualShape(files.config)
  const { decoder, packed, hidden, facts } =
    shape === null ? torchFacts(files, name) : dualAsFacts(dualFacts(files, shape, name), shape)
  const { recipe, head, warnings } = resolveRecipe(
    options.recipe ?? 'sentence-transformers',
    options.parameters ?? {},
    facts,
  )
  const devices = await resolveDevices(python, options.device ?? 'auto')
  const onProcessor = devices[0] === 'cpu'
  const dtype = options.dtype ?? (onProcessor ? 'float32' : 'bfloat16')
  if (dtype === 'float16' && overflowsFloat16(files.config))
    throw new FieldtrialError(
      'USAGE',
      `float16 overflows in models of the type ${String(files.config.model_type)}: states beyond 65,504 become infinite.`,
      { where: { field: 'dtype' }, hint: 'Use bfloat16, which takes the same memory, or float32.' },
    )
  if (dtype === 'float8' && !decoder)
    throw new FieldtrialError('USAGE', `float8 is for language models; ${name} is an encoder.`, {
      where: { field: 'dtype' },
      hint: 'Use bfloat16.',
    })
  const adapter =
    options.adapter === undefined
      ? null
      : await readAdapter(
          options.adapter,
          { model: options.baseName ?? name, folder: model, config: files.config },
          files.checkpoint,
        )
  const context = decoder ? facts.context : null
  const vision = planVision(files, recipe, options, name)
  const dual = planDual(files, recipe, name)
  const plan: TorchPlan = {
    folder: files.folder,
    python,
    weightsFolder: source.weightsFolder,
    gguf: source.gguf,
    adapter: adapter?.folder ?? null,
    dtype,
    devices: devices.flatMap((device) => Array.from({ length: options.copies ?? 1 }, () => device)),
    decoder,
    packed: packed && (options.packed ?? true),
    tokenizerFile: files.tokenizerFile,
    tokenizerConfig: files.tokenizerConfig,
    tokenizerOf: source.gguf === null ? files.config : null,
    lowerCase: files.sentenceConfig?.do_lower_case === true,
    emptyToken: facts.tokens.eos ?? facts.tokens.pad ?? facts.tokens.bos,
    recipe,
    head,
    // Decoded tokens need positions, too.
    positions: context === null ? null : context - (recipe.generate?.maxTokens ?? 0),
    budget: options.batchTokens ?? (onProcessor ? 2048 : 16_384),
    vision,
    dual,
    weightBytes: source.parameters * BYTES[dtype],
  }
  const width = head.findLast((step) => step.kind === 'dense')?.outputs
  const info: EncoderInfo = {
    engine: 'torch',
    model: name,
    identity: await identify(source, plan, adapter, environment, options),
    recipe,
    dimension: width ?? (hidden === null ? null : hidden * recipe.pooling.length),
    parameters: source.parameters,
    weightBytes: plan.weightBytes,
    memoryBytes: memoryNeeded(plan, files.config),
    warnings: [...warnings, ...(dtype === 'float8' ? [FLOAT8] : []), ...visionWarnings(files, recipe)],
    ...(vision === null ? {} : { images: imageReading(vision) }),
    ...(dual === null ? {} : { images: dualReading(dual) }),
  }
  return { info, plan, files }
}

/** Dual encoders have vectors as wide as what their towers are projected to. */
function dualAsFacts(facts: ModelFacts, { dimension }: DualShape): TorchFacts {
  return { decoder: false, packed: false, hidden: dimension, facts }
}

async function readSource(
  model: string,
  python: string,
  environment: PythonFacts,
  options: TorchOptions,
): Promise<Source> {
  if (!isGguf(model)) {
    const files = await readModelFolder(model)
    const { checkpoint, transformer } = files
    if (checkpoint === null)
      throw new FieldtrialError('MODEL_INVALID', `${transformer} has no model.safetensors.`, {
        where: { file: transformer },
        hint: 'Save the model as safetensors: pickled weights (pytorch_model.bin) are never read.',
      })
    const weights = [...new Set([...checkpoint.values()].map(({ file }) => file))]
    return { files, gguf: null, weightsFolder: transformer, weights, parameters: countParameters(checkpoint) }
  }
  // One that is cut short is known before Python is asked.
  await readGguf(model)
  if (options.cache === undefined)
    throw new FieldtrialError('INTERNAL', 'A GGUF file needs a folder for what is read out of it.')
  const [hash] = await hashFiles([model], options.hashCache ?? null, options.signal)
  const { transformers, gguf } = environment.versions
  const { folder, parameters } = await exportGguf(
    python,
    model,
    options.cache,
    `${hash!.slice(0, 32)}-${transformers}-${gguf}`,
  )
  const files = await readModelFolder(folder)
  return { files, gguf: basename(model), weightsFolder: dirname(model), weights: [model], parameters }
}

async function identify(
  source: Source,
  plan: TorchPlan,
  adapter: Adapter | null,
  environment: PythonFacts,
  options: TorchOptions,
): Promise<Json> {
  const { files } = source
  const hash = (paths: readonly string[]) => hashFiles(paths, options.hashCache ?? null, options.signal)
  const dense = await denseFiles(files.folder, plan.head)
  const [tokenizer, ...configs] = await hash([files.tokenizerFile, ...files.configFiles])
  const { torch, transformers, peft, gguf } = environment.versions
  const [device] = plan.devices
  return {
    engine: 'torch',
    torch: torch!,
    transformers: transformers!,
    tokenizers: packageVersion('@huggingface/tokenizers'),
    encoding: ENCODING_VERSION,
    weights: [...(await hash(source.weights))].sort(),
    dense: await hash(dense),
    tokenizer: tokenizer!,
    configs: configs.sort(),
    dtype: plan.dtype,
    attention: plan.packed ? 'packed' : 'padded',
    // Several of one kind compute alike; other kinds round otherwise.
    device: device!.replace(/:\d+$/, ''),
    ...(source.gguf === null ? {} : { gguf: gguf! }),
    ...(adapter === null ? {} : { adapter: [...(await hash(adapter.files))], peft: peft! }),
    recipe: plan.recipe as unknown as Json,
    head: plan.head.map((step) => ({ ...step })),
  }
}

function countParameters(checkpoint: Checkpoint): number {
  let count = 0
  for (const { type, shape } of checkpoint.values())
    if (/^B?F\d/.test(type)) count += shape.reduce((product, size) => product * size, 1)
  return count
}
