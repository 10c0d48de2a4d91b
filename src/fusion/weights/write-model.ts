import { mkdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { readBytes } from '../../engines/text/safetensors.ts'
import { bytesOf, CheckpointWriter, SAFETENSORS_TYPES, type TensorHead } from './checkpoint-writer.ts'
import { copySmallFiles } from './copy-files.ts'
import { METHODS } from './methods/index.ts'
import type { OutputTensor } from './output-tensors.ts'
import { isFloat } from './relatedness.ts'
import { settingAt } from './setting.ts'
import type { OpenSource } from './source.ts'
import { TensorReader } from './tensor-reader.ts'
import { type MergeSpec, normalizes } from './types.ts'

/** What a tensor of the result will be. */
export function headOf({ name, shape, type, models }: OutputTensor, { dtype }: MergeSpec): TensorHead {
  const numbers = isFloat(models[0]!.tensor.place)
  return { name, shape, type: numbers && dtype !== undefined ? SAFETENSORS_TYPES[dtype] : type }
}

/**
 * Merges tensor by tensor into a folder, a few pieces of each in memory at a time, and puts the reference's config and tokenizer beside them.
 *
 * @param folder Is there, and empty.
 * @param layers Number of layers, where they are stacked anew; else null.
 */
export async function writeModel(
  folder: string,
  spec: MergeSpec,
  reference: OpenSource,
  tensors: readonly OutputTensor[],
  layers: number | null,
  work: LongWork,
): Promise<void> {
  await copySmallFiles(reference.files.folder, folder)
  const transformer = join(folder, relative(reference.files.folder, reference.files.transformer))
  if (layers !== null || spec.dtype !== undefined) await changeConfig(transformer, tensors, layers, spec)
  const total = tensors.reduce((sum, tensor) => sum + bytesOf(headOf(tensor, spec)), 0)
  let done = 0
  for (const module of new Set(tensors.map((tensor) => tensor.module))) {
    const own = tensors.filter((tensor) => tensor.module === module)
    const target = module === '' ? transformer : join(folder, module)
    await mkdir(target, { recursive: true })
    const heads = own.map((tensor) => headOf(tensor, spec))
    const writer = new CheckpointWriter(target, heads)
    try {
      for (const [i, tensor] of own.entries()) {
        await writer.next()
        for await (const bytes of writeTensor(writer, tensor, spec, heads[i]!, work.signal)) {
          done += bytes
          work.onProgress?.({ step: 'merge', subject: spec.method, done, total, unit: 'bytes' })
        }
      }
      await writer.finish()
    } finally {
      await writer.abandon()
    }
  }
}

/** @returns Bytes written, piece by piece. */
async function* writeTensor(
  writer: CheckpointWriter,
  tensor: OutputTensor,
  spec: MergeSpec,
  head: TensorHead,
  signal: AbortSignal | undefined,
): AsyncGenerator<number> {
  const { place } = tensor.models[0]!.tensor
  if (!isFloat(place)) {
    // Position ids and the like: counted out, not trained.
    const bytes = await readBytes(place.file, place.offset, place.bytes)
    await requireEqual(tensor, bytes)
    await writer.bytes(bytes)
    yield bytes.length
    return
  }
  const reader = await TensorReader.open(tensor, signal)
  const combine = tensor.copied ? METHODS.passthrough : METHODS[spec.method]
  const spot = { name: head.name, depth: tensor.depth }
  const merge = await combine({
    name: head.name,
    elements: reader.elements,
    weights: tensor.slice.sources.map(({ weight }) => settingAt(weight, spot) ?? 1),
    densities: tensor.slice.sources.map(({ density }) => settingAt(density, spot) ?? 1),
    normalize: normalizes(spec),
    lambda: settingAt(spec.lambda, spot) ?? 1,
    t: settingAt(tensor.slice.t ?? spec.t, spot) ?? 0.5,
    seed: spec.seed ?? 1,
    pass: () => reader.pass(),
    differences: (model) => reader.differences(model),
  })
  for await (const piece of reader.pass()) {
    const merged = merge(piece)
    await writer.numbers(merged)
    yield (merged.length * bytesOf(head)) / reader.elements
  }
}

async function requireEqual({ name, models }: OutputTensor, bytes: Uint8Array): Promise<void> {
  for (const { source, tensor } of models.slice(1)) {
    const { file, offset, bytes: length } = tensor.place
    if (Buffer.compare(bytes, await readBytes(file, offset, length)) === 0) continue
    throw new FieldtrialError(
      'MODEL_INVALID',
      `${name} holds whole numbers that differ in ${models[0]!.source.name} and ${source.name}: they cannot be merged.`,
      { where: { file } },
    )
  }
}

/** The config with another number of layers, and with the type that the weights have now. */
async function changeConfig(
  transformer: string,
  tensors: readonly OutputTensor[],
  layers: number | null,
  { dtype }: MergeSpec,
): Promise<void> {
  const file = join(transformer, 'config.json')
  const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  const change = (part: Record<string, unknown>) => {
    if (dtype !== undefined) for (const field of ['torch_dtype', 'dtype']) if (field in part) part[field] = dtype
    if (layers === null || !('num_hidden_layers' in part)) return
    part.num_hidden_layers = layers
    // Newer configs say of each layer how it attends.
    if (Array.isArray(part.layer_types)) part.layer_types = stackedTypes(part.layer_types, tensors)
    if (typeof part.max_window_layers === 'number' && part.max_window_layers > layers) part.max_window_layers = layers
  }
  change(config)
  const inner = config.text_config
  if (typeof inner === 'object' && inner !== null) change(inner as Record<string, unknown>)
  await writeAtomic(file, `${JSON.stringify(config, null, 2)}\n`)
}

function stackedTypes(types: readonly unknown[], tensors: readonly OutputTensor[]): unknown[] {
  const slices = [...new Set(tensors.map(({ slice }) => slice))]
  return slices.flatMap(({ sources, layers }) =>
    Array.from({ length: layers }, (_, offset) => types[sources[0]!.first + offset] ?? types.at(-1)),
  )
}
