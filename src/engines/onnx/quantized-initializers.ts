import { makeFolder } from '../../core/atomic.ts'
import { readBytes } from '../text/safetensors.ts'
import type { BuiltGraph, QuantizedWeight } from './graph-builder.ts'
import { ElementType, type GraphSpec, type Initializer } from './onnx-model.ts'
import { quantize } from './quantize.ts'
import { plainCopy, type QuantizedStore, quantizedCopy, readFinite, storeFolder } from './quantized-file.ts'

/** Tensors up to this many bytes go into the graph itself rather than into a file. */
const SMALL = 2 ** 16

/** The graph's constants with those of its quantised weights filled in. */
export async function quantizedInitializers(
  { graph, quantized }: BuiltGraph,
  store: QuantizedStore | null,
): Promise<readonly Initializer[]> {
  if (quantized.length === 0) return graph.initializers
  return store === null ? inMemory(graph, quantized) : inFolder(graph, quantized, storeFolder(store))
}

async function inMemory(graph: GraphSpec, quantized: readonly QuantizedWeight[]): Promise<Initializer[]> {
  const initializers = [...graph.initializers]
  for (const { place, name, bits, block, values, scales } of quantized) {
    const [outputs, inputs] = place.shape as [number, number]
    const matrix = quantize(await readFinite(name, place), block, bits)
    const blocks = inputs / block
    initializers.push(
      { name: values, type: ElementType.uint8, dims: [outputs, blocks, (block * bits) / 8], data: matrix.values },
      {
        name: scales,
        type: ElementType.float32,
        dims: [outputs, blocks],
        data: new Uint8Array(matrix.scales.buffer),
      },
    )
  }
  return initializers
}

/** Everything comes from files of one folder, since onnxruntime maps no others. */
async function inFolder(
  graph: GraphSpec,
  quantized: readonly QuantizedWeight[],
  folder: string,
): Promise<Initializer[]> {
  await makeFolder(folder)
  const initializers: Initializer[] = []
  for (const weight of quantized) {
    const { values, scales } = await quantizedCopy(weight, folder)
    initializers.push(
      { name: weight.values, type: ElementType.uint8, dims: values.shape, data: values },
      { name: weight.scales, type: ElementType.float32, dims: scales.shape, data: scales },
    )
  }
  for (const initializer of graph.initializers) {
    const { name, data } = initializer
    if (data instanceof Uint8Array) initializers.push(initializer)
    else if (data.bytes <= SMALL)
      initializers.push({ ...initializer, data: await readBytes(data.file, data.offset, data.bytes) })
    else {
      const type = TYPE_NAMES[initializer.type]!
      initializers.push({
        ...initializer,
        data: await plainCopy(name, { ...data, type, shape: initializer.dims }, folder),
      })
    }
  }
  return initializers
}

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [ElementType.float32]: 'F32',
  [ElementType.float16]: 'F16',
  [ElementType.bfloat16]: 'BF16',
}
