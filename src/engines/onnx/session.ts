import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as ort from 'onnxruntime-node'
import type { ShippedModel } from './files.ts'
import type { BuiltGraph } from './graph-builder.ts'
import { ElementType, encodeModel, type Initializer } from './onnx-model.ts'
import { quantize } from './quantize.ts'
import { readBytes, readTensor } from './safetensors.ts'

/** Floats must start at multiples of their size to be used in place. */
const ALIGNMENT = 4

type Options = ort.InferenceSession.SessionOptions

function sessionOptions(threads: number, session: Record<string, string> = {}): Options {
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // The graphs are written with fused operators already; higher levels would undo a choice (see layerNorm).
    graphOptimizationLevel: 'basic',
    // Shapes change with every batch, so plans of past shapes would only pile up.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        // Threads that spin while they wait take the core from whoever else has work.
        intra_op: { allow_spinning: '0' },
        ...session,
      },
    },
  }
}

/**
 * Opens an ONNX file that a model ships. Weights in files of their own are found beside it by onnxruntime, unless links (as in the hub's
 * cache) have them elsewhere or under another name: then they are read and handed over.
 */
export async function openShipped(model: ShippedModel, threads: number): Promise<ort.InferenceSession> {
  const options: Options = { ...sessionOptions(threads), graphOptimizationLevel: 'all' }
  const moved = model.external.filter(({ name, path }) => join(dirname(model.path), name) !== path)
  if (moved.length === 0) return ort.InferenceSession.create(model.path, options)
  const externalData = await Promise.all(
    moved.map(async ({ name, path }) => ({ path: name, data: await readFile(path) })),
  )
  return ort.InferenceSession.create(model.path, { ...options, externalData })
}

/**
 * Opens a built graph over its checkpoint. Where all weights lie in one folder (links resolved) and are aligned, onnxruntime maps the
 * files into memory, so that tables are read lazily and never copied; else each file's tensors are read into a buffer.
 */
export async function openGraph(built: BuiltGraph, threads: number): Promise<ort.InferenceSession> {
  const initializers = [...built.graph.initializers]
  for (const { place, name, block, values, scales } of built.quantized) {
    const [outputs, inputs] = place.shape as [number, number]
    const matrix = quantize(await readTensor(name, place), block)
    const blocks = inputs / block
    initializers.push(
      { name: values, type: ElementType.uint8, dims: [outputs, blocks, block], data: matrix.values },
      { name: scales, type: ElementType.float32, dims: [outputs, blocks], data: bytesOf(matrix.scales) },
    )
  }
  const folder = mappableFolder(initializers)
  if (folder !== null) {
    const bytes = encodeModel({ ...built.graph, initializers: relocate(initializers, (file) => [basename(file), 0]) })
    return ort.InferenceSession.create(
      bytes,
      sessionOptions(threads, { model_external_initializers_file_folder_path: folder }),
    )
  }
  const parts = await readParts(initializers)
  const located = relocate(initializers, (file) => [parts.get(file)!.name, parts.get(file)!.start])
  const bytes = encodeModel({ ...built.graph, initializers: located })
  const externalData = [...parts.values()].map(({ name, data }) => ({ path: name, data }))
  return ort.InferenceSession.create(bytes, { ...sessionOptions(threads), externalData })
}

function bytesOf(array: Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

function placesOf(initializers: readonly Initializer[]): { file: string; offset: number; bytes: number }[] {
  return initializers.flatMap(({ data }) => (data instanceof Uint8Array ? [] : [data]))
}

/** The one folder that all weights can be mapped from; null where they lie in several, or at odd offsets. */
function mappableFolder(initializers: readonly Initializer[]): string | null {
  const places = placesOf(initializers)
  const folders = new Set(places.map(({ file }) => dirname(file)))
  return folders.size === 1 && places.every(({ offset }) => offset % ALIGNMENT === 0) ? [...folders][0]! : null
}

/** Changes files' names, and offsets to count from `start`. */
function relocate(
  initializers: readonly Initializer[],
  to: (file: string) => [name: string, start: number],
): Initializer[] {
  return initializers.map((initializer) => {
    if (initializer.data instanceof Uint8Array) return initializer
    const { file, offset, bytes } = initializer.data
    const [name, start] = to(file)
    return { ...initializer, data: { file: name, offset: offset - start, bytes } }
  })
}

/** Reads of each file the range that holds its tensors. */
async function readParts(
  initializers: readonly Initializer[],
): Promise<Map<string, { name: string; start: number; data: Uint8Array }>> {
  const ranges = new Map<string, { start: number; end: number }>()
  for (const { file, offset, bytes } of placesOf(initializers)) {
    const range = ranges.get(file) ?? { start: offset, end: offset + bytes }
    ranges.set(file, { start: Math.min(range.start, offset), end: Math.max(range.end, offset + bytes) })
  }
  const parts = new Map<string, { name: string; start: number; data: Uint8Array }>()
  for (const [file, { start, end }] of ranges)
    parts.set(file, { name: `weights-${parts.size}`, start, data: await readBytes(file, start, end - start) })
  return parts
}
