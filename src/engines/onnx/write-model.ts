import { basename, dirname, join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { throwIfAborted } from '../../core/errors.ts'
import { readBytes } from '../text/safetensors.ts'
import { writeAll } from '../text/write-safetensors.ts'
import type { BuiltGraph } from './graph-builder.ts'
import { encodeModel, type Initializer } from './onnx-model.ts'
import type { QuantizedStore } from './quantized-file.ts'
import { quantizedInitializers } from './quantized-initializers.ts'

/** Constants up to this many bytes stay in the graph's own file. */
const SMALL = 1024
/** Files are mapped page by page. */
const PAGE = 4096
const CHUNK = 2 ** 24

/**
 * Writes a graph as an ONNX file, its weights in one file beside it (`model.onnx_data`), some megabytes in memory at a time.
 *
 * @param path Of the ONNX file.
 * @param quantized Where quantised copies of weights are kept on the way; needed for graphs with such weights.
 * @returns Names of the two files, and bytes of the weights.
 * @throws FieldtrialError `DISK_FULL`, `NOT_WRITABLE`, `CANCELLED`.
 */
export async function writeOnnx(
  built: BuiltGraph,
  path: string,
  quantized: QuantizedStore | null,
  options: { readonly signal?: AbortSignal; readonly onBytes?: (done: number, total: number) => void } = {},
): Promise<{ files: string[]; bytes: number }> {
  const initializers = await quantizedInitializers(built, quantized)
  const data = `${path}_data`
  let end = 0
  const places = initializers.map((initializer) => {
    const bytes = sizeOf(initializer)
    if (bytes <= SMALL) return null
    const offset = Math.ceil(end / PAGE) * PAGE
    end = offset + bytes
    return { offset, bytes }
  })
  await writeAtomic(data, async (file) => {
    for (const [i, initializer] of initializers.entries()) {
      const place = places[i]
      if (!place) continue
      for (let done = 0; done < place.bytes; done += CHUNK) {
        throwIfAborted(options.signal)
        const size = Math.min(CHUNK, place.bytes - done)
        await writeAll(file, await bytesOf(initializer, done, size), place.offset + done)
        options.onBytes?.(place.offset + done + size, end)
      }
    }
  })
  const located: Initializer[] = []
  for (const [i, initializer] of initializers.entries()) {
    const place = places[i]
    located.push({
      ...initializer,
      data: place
        ? { file: basename(data), offset: place.offset, bytes: place.bytes }
        : await bytesOf(initializer, 0, sizeOf(initializer)),
    })
  }
  await writeAtomic(path, encodeModel({ ...built.graph, initializers: located }))
  const folder = dirname(path)
  return { files: [path, data].map((file) => join(basename(folder), basename(file))), bytes: end }
}

function sizeOf({ data }: Initializer): number {
  return data instanceof Uint8Array ? data.length : data.bytes
}

async function bytesOf({ data }: Initializer, from: number, size: number): Promise<Uint8Array> {
  return data instanceof Uint8Array ? data.subarray(from, from + size) : readBytes(data.file, data.offset + from, size)
}
