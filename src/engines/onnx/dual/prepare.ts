import { FieldtrialError } from '../../../core/errors.ts'
import type { Json } from '../../../core/fingerprint.ts'
import { resolveRecipe } from '../../../recipes/index.ts'
import { dualFacts, dualReading } from '../../dual/facts.ts'
import { planDual } from '../../dual/plan.ts'
import { previewDual } from '../../dual/preview.ts'
import { type DualShape, imageTokens } from '../../dual/shape.ts'
import { tokenCounter } from '../../text/count-tokens.ts'
import type { ModelFolder } from '../../text/files.ts'
import { hashFiles } from '../../text/hash.ts'
import type { Checkpoint } from '../../text/safetensors.ts'
import { packageVersion } from '../../text/versions.ts'
import type { EncoderInfo, PreparedEncoder } from '../../types.ts'
import { graphWeights } from '../graph-weights.ts'
import { graphMemory } from '../memory-estimate.ts'
import type { OnnxOptions } from '../prepare.ts'
import { DualEncoder, type DualEncoderPlan } from './encoder.ts'
import { buildImageTower, buildTextTower, DUAL_GRAPH_VERSION } from './towers.ts'

const BATCH_TOKENS = 2048
const PICTURES = 16
/** Enters every identity: raise it whenever tokens, pixels or their combination change for the same recipe. */
const ENCODING_VERSION = 1

/** As `prepareOnnx`, for CLIP and SigLIP. */
export async function prepareDual(
  folder: string,
  files: ModelFolder,
  shape: DualShape,
  options: OnnxOptions,
): Promise<PreparedEncoder> {
  const { dtype = 'float32', device = 'cpu' } = options
  const name = options.model ?? folder
  const { checkpoint } = files
  if (checkpoint === null)
    throw new FieldtrialError('MODEL_INVALID', `${files.transformer} has no model.safetensors.`, {
      where: { file: files.transformer },
      hint: 'Save the model as safetensors: pickled weights (pytorch_model.bin) are never read.',
    })
  if (dtype !== 'float32')
    throw new FieldtrialError('USAGE', `Dual encoders run in float32; ${name} was asked for in ${dtype}.`, {
      where: { field: 'dtype' },
      hint: 'Leave dtype out.',
    })
  const { recipe, head, warnings } = resolveRecipe(
    options.recipe ?? 'dual-encoder',
    options.parameters ?? {},
    dualFacts(files, shape, name),
  )
  const dual = planDual(files, recipe, name)!
  const plan: DualEncoderPlan = {
    folder,
    tokenizerFile: files.tokenizerFile,
    tokenizerConfig: files.tokenizerConfig,
    lowerCase: false,
    emptyToken: files.specialTokens.eos,
    recipe,
    head,
    dual,
    checkpoint,
    device,
    batchTokens: options.batchTokens ?? BATCH_TOKENS,
  }
  // Towers that cannot be built must fail here, before any plan is made on them.
  const towers = [buildTextTower(checkpoint, shape), buildImageTower(checkpoint, shape, dual.settings)] as const
  const weights = towers.reduce((sum, tower) => sum + graphWeights(tower), 0)
  const info: EncoderInfo = {
    engine: 'onnx',
    model: name,
    identity: await identify(files, checkpoint, plan, options),
    recipe,
    dimension: shape.dimension,
    parameters: [...checkpoint.values()].reduce((sum, { shape: sizes }) => sum + sizes.reduce((a, b) => a * b, 1), 0),
    weightBytes: weights,
    memoryBytes: graphMemory(towers[0], plan.batchTokens) + graphMemory(towers[1], PICTURES * imageTokens(shape)),
    warnings,
    images: dualReading(dual),
  }
  return {
    info,
    preview: (input, side, task) => previewDual(plan, input, side, task),
    tokenCounter: () => tokenCounter(plan),
    open: (open = {}) => DualEncoder.open(info, plan, open),
  }
}

async function identify(
  files: ModelFolder,
  checkpoint: Checkpoint,
  plan: DualEncoderPlan,
  options: OnnxOptions,
): Promise<Json> {
  const hash = (paths: readonly string[]) => hashFiles(paths, options.hashCache ?? null, options.signal)
  const [tokenizer, ...configs] = await hash([files.tokenizerFile, ...files.configFiles])
  return {
    engine: 'onnx',
    onnxruntime: packageVersion('onnxruntime-node'),
    tokenizers: packageVersion('@huggingface/tokenizers'),
    graph: `dual ${DUAL_GRAPH_VERSION}`,
    encoding: ENCODING_VERSION,
    weights: (await hash([...new Set([...checkpoint.values()].map(({ file }) => file))])).sort(),
    tokenizer: tokenizer!,
    configs: configs.sort(),
    ...(plan.device === 'cpu' ? {} : { device: plan.device }),
    recipe: plan.recipe as unknown as Json,
  }
}
