import { join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import { type ModelFolder, readModelFolder } from '../text/files.ts'
import { type GgufArchitecture, ggufArchitecture } from '../text/gguf/write/architecture.ts'
import { describeGgufDecoder, GGUF_WRITER_VERSION } from '../text/gguf/write/decoder.ts'
import type { GgufDtype } from '../text/gguf/write/tensor-bytes.ts'
import { weightBytes } from '../text/gguf/write/tensors.ts'
import { hashFiles } from '../text/hash.ts'
import { requireCheckpoint } from '../text/require-checkpoint.ts'
import type { Checkpoint } from '../text/safetensors.ts'
import { torchFacts } from '../torch/facts.ts'
import { convertOnce, isConverted } from './convert.ts'
import type { LlamaDtype } from './dtypes.ts'
import type { GgufFacts } from './facts.ts'
import type { LlamaOptions } from './prepare.ts'
import type { LlamaSource } from './source.ts'

const GGUF_DTYPES: Readonly<Record<LlamaDtype, GgufDtype>> = {
  float32: 'f32',
  float16: 'f16',
  bfloat16: 'bf16',
  int8: 'q8_0',
}

/**
 * A decoder in safetensors, of which a GGUF file is made when it is first loaded. Configs, tokenizer, and headers of the weights are read;
 * tokens, prompts and pooling are the folder's own, so that they are those of the other engines.
 *
 * @throws FieldtrialError `MODEL_MISSING`; `MODEL_INVALID` for a model that cannot be written as GGUF; `USAGE` without a folder to put it in.
 */
export async function checkpointSource(folder: string, options: LlamaOptions): Promise<LlamaSource> {
  const name = options.model ?? folder
  if (options.convertedCache === undefined)
    throw new FieldtrialError('USAGE', `engine: llama needs a folder for the GGUF file that it makes of ${name}.`, {
      hint: 'Give `convertedCache`, or a GGUF file.',
    })
  const files = await readModelFolder(folder)
  const checkpoint = requireDecoder(files, name)
  const dtype = options.dtype ?? nearestDtype(checkpoint)
  const architecture = named(name, () => ggufArchitecture(files.config, checkpoint))
  const hash = (paths: readonly string[]) => hashFiles(paths, options.hashCache ?? null, options.signal)
  const weights = [...new Set([...checkpoint.values()].map(({ file }) => file))]
  const [tokenizer, ...configs] = await hash([files.tokenizerFile, ...files.configFiles])
  const identity = {
    converter: GGUF_WRITER_VERSION,
    // Sorted, since the names of files and their folder do not matter.
    weights: [...(await hash(weights))].sort(),
    tokenizer: tokenizer!,
    configs: configs.sort(),
    dtype,
  }
  const file = join(options.convertedCache, `${fingerprint(identity)}.gguf`)
  const describe = () => describeGgufDecoder(files, checkpoint, GGUF_DTYPES[dtype], name, null)
  // A tokenizer that cannot be written must be told before any work; one that was written need not be looked at again.
  if (!(await isConverted(file))) await named(name, describe)
  return {
    gguf: factsOf(files, architecture, name),
    file,
    folder,
    tokenizerFile: files.tokenizerFile,
    tokenizerConfig: files.tokenizerConfig,
    lowerCase: files.sentenceConfig?.do_lower_case === true,
    parameters: countParameters(checkpoint),
    weightBytes: weightBytes(architecture, GGUF_DTYPES[dtype]),
    window: architecture.window,
    identity,
    warnings: dtype === 'int8' ? ['int8 weights: vectors differ a little from float32’s'] : [],
    make: (work) => convertOnce(file, name, GGUF_DTYPES[dtype], describe, work),
  }
}

/** @throws FieldtrialError `MODEL_INVALID` for encoders, vision-language models, and models without safetensors. */
function requireDecoder(files: ModelFolder, name: string): Checkpoint {
  const { config } = files
  const type = String(config.model_type)
  const what =
    typeof config.vision_config === 'object' && config.vision_config !== null
      ? `sees images (${type}), of which llama.cpp gives no vectors here`
      : torchFacts(files, name).decoder
        ? null
        : `is an encoder (${type})`
  if (what === null) return requireCheckpoint(files)
  throw new FieldtrialError('MODEL_INVALID', `${name} ${what}: engine llama makes GGUF files of text decoders.`, {
    where: { file: join(files.transformer, 'config.json'), field: 'model_type' },
    hint: 'Use engine: onnx or torch, or name a GGUF file.',
  })
}

/** 32 bits where matrices have them, else float16, which llama.cpp multiplies more exactly than bfloat16. */
function nearestDtype(checkpoint: Checkpoint): LlamaDtype {
  return [...checkpoint.values()].some(({ type, shape }) => type === 'F32' && shape.length > 1) ? 'float32' : 'float16'
}

function factsOf(files: ModelFolder, { metadata, shape, rows }: GgufArchitecture, name: string): GgufFacts {
  return {
    facts: torchFacts(files, name).facts,
    architecture: String(metadata.get('general.architecture')),
    causal: shape.attention === 'causal',
    hidden: shape.hidden,
    shape: {
      layers: shape.layers,
      inner: shape.intermediate,
      kvWidth: shape.kvHeads * shape.headSize,
      vocabulary: rows,
    },
  }
}

function countParameters(checkpoint: Checkpoint): number {
  let count = 0
  for (const { shape } of checkpoint.values()) count += shape.reduce((product, size) => product * size, 1)
  return count
}

/** Says which model cannot be written, and which engines can run it. */
function named<T>(name: string, describe: () => T): T {
  const explain = (error: unknown): never => {
    if (!(error instanceof FieldtrialError) || error.code !== 'MODEL_INVALID') throw error
    throw new FieldtrialError(error.code, `${name} cannot be written as GGUF for engine llama: ${error.message}`, {
      ...(error.where ? { where: error.where } : {}),
      hint: 'Use engine: onnx or torch, or a GGUF file that llama.cpp’s own converter has made.',
      cause: error,
    })
  }
  try {
    const made = describe()
    return made instanceof Promise ? (made.catch(explain) as T) : made
  } catch (error) {
    return explain(error)
  }
}
