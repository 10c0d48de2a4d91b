import { readFile, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import type { ShippedModel } from '../text/files.ts'
import { readBytes } from '../text/safetensors.ts'
import { type Device, providersFor, unusableDevice } from './device.ts'
import type { BuiltGraph } from './graph-builder.ts'
import { encodeModel, type GraphSpec, type Initializer } from './onnx-model.ts'
import type { QuantizedStore } from './quantized-file.ts'
import { quantizedInitializers } from './quantized-initializers.ts'
import * as ort from './runtime.ts'

export interface OpenOptions {
  readonly threads: number
  /** Default: `cpu`. */
  readonly device?: Device
  /** Where quantised weights are kept; null: they are made anew in memory, which the format allows for small models only. Default: null. */
  readonly quantized?: QuantizedStore | null
}

/** Floats must start at multiples of their size to be used in place. */
const ALIGNMENT = 4

type Options = ort.InferenceSession.SessionOptions

function sessionOptions({ threads, device = 'cpu' }: OpenOptions, session: Record<string, string> = {}): Options {
  return {
    executionProviders: providersFor(device),
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

/** @param model Path of an ONNX file, or its bytes. */
async function create(
  model: string | Uint8Array,
  device: Device | undefined,
  options: Options,
): Promise<ort.InferenceSession> {
  try {
    return typeof model === 'string'
      ? await ort.InferenceSession.create(model, options)
      : await ort.InferenceSession.create(model, options)
  } catch (error) {
    if (device === undefined || device === 'cpu') throw error
    throw unusableDevice(device, error)
  }
}

/**
 * Opens an ONNX file that a model ships. Weights in files of their own are found beside it by onnxruntime, unless links (as in the hub's
 * cache) have them elsewhere or under another name: then they are read and handed over.
 */
export async function openShipped(model: ShippedModel, open: OpenOptions): Promise<ort.InferenceSession> {
  const options: Options = { ...sessionOptions(open), graphOptimizationLevel: 'all' }
  const moved = model.external.filter(({ name, path }) => join(dirname(model.path), name) !== path)
  if (moved.length === 0) return create(model.path, open.device, options)
  const externalData = await Promise.all(
    moved.map(async ({ name, path }) => ({ path: name, data: await readFile(path) })),
  )
  return create(model.path, open.device, { ...options, externalData })
}

/**
 * Opens a built graph over its checkpoint. Where all weights lie in one folder (links resolved) and are aligned, onnxruntime maps the
 * files into memory, so that tables are read lazily and never copied; else each file's tensors are read into a buffer.
 *
 * @throws FieldtrialError `USAGE` for a device that onnxruntime was not built with, `ENGINE_FAILED` where it cannot be used;
 *   `MODEL_INVALID` for broken weights; `DISK_FULL` or `NOT_WRITABLE` where quantised weights cannot be kept.
 */
export async function openGraph(built: BuiltGraph, open: OpenOptions): Promise<ort.InferenceSession> {
  const initializers = await quantizedInitializers(built, open.quantized ?? null)
  const folder = mappableFolder(initializers)
  if (folder !== null) {
    const bytes = encode(
      built.graph,
      relocate(initializers, (file) => [basename(file), 0]),
    )
    const options = sessionOptions(open, { model_external_initializers_file_folder_path: await realpath(folder) })
    return create(bytes, open.device, options)
  }
  const parts = await readParts(initializers)
  const bytes = encode(
    built.graph,
    relocate(initializers, (file) => [parts.get(file)!.name, parts.get(file)!.start]),
  )
  const externalData = [...parts.values()].map(({ name, data }) => ({ path: name, data }))
  return create(bytes, open.device, { ...sessionOptions(open), externalData })
}

/** Protocol buffers, and hence graphs with what they hold themselves, end at 2 GiB. */
const LARGEST_GRAPH = 2 ** 31 - 2 ** 24

function encode(graph: GraphSpec, initializers: readonly Initializer[]): Uint8Array {
  const inline = initializers.reduce((sum, { data }) => sum + (data instanceof Uint8Array ? data.length : 0), 0)
  if (inline > LARGEST_GRAPH)
    throw new FieldtrialError(
      'ENGINE_FAILED',
      `The model's quantised weights (${inline} bytes) are too many to be held in the graph.`,
      {
        hint: 'Give a folder for quantised weights, or use dtype float32.',
      },
    )
  return encodeModel({ ...graph, initializers })
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
