/**
 * Encodes many generated pictures and tells the memory that this took, to show that it does not grow with their number.
 *
 *   node scripts/stream-images.ts MODEL [PICTURES] [SIDE]
 *
 * MODEL: folder of a dual encoder (engine onnx) or, with FIELDTRIAL_PYTHON set, of a vision-language model (engine torch). PICTURES: default
 * 10000. SIDE: of each picture, in pixels; default 320. The pictures are made as they are read, one after the other, and lie nowhere.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { prepareOnnx, prepareTorch } from '../src/engines/index.ts'
import { encodeIntoStore, VectorStore } from '../src/index/dense/index.ts'

const [model, given = '10000', side = '320'] = process.argv.slice(2)
if (model === undefined) throw new Error('usage: node scripts/stream-images.ts MODEL [PICTURES] [SIDE]')
const total = Number(given)
const size = Number(side)

/** A picture of its own for each number: JPEG bytes. */
async function picture(n: number): Promise<Uint8Array> {
  const coarse = Buffer.from(Array.from({ length: 8 * 8 * 3 }, (_, i) => ((n + 1) * (i + 7) * 2654435761) % 256))
  return sharp(coarse, { raw: { width: 8, height: 8, channels: 3 } })
    .resize(size, size - (n % 90))
    .jpeg()
    .toBuffer()
}

async function* pictures() {
  for (let n = 0; n < total; n++) yield { id: `p${n}`, text: '', image: { path: `p${n}.jpg`, bytes: () => picture(n) } }
}

const { model_type: type } = JSON.parse(await readFile(join(model, 'config.json'), 'utf8')) as { model_type: string }
const prepared = /^(clip|siglip)$/.test(type)
  ? await prepareOnnx(model)
  : await prepareTorch(model, { recipe: 'e5v', device: 'cpu' })
const encoder = await prepared.open()
const folder = await mkdtemp(join(tmpdir(), 'fieldtrial-stream-'))
const started = performance.now()
let largest = 0
let told = 0
try {
  const store = await VectorStore.create(folder, {
    identity: { stream: total },
    dimension: prepared.info.dimension!,
    dtype: 'float32',
    rows: total,
  })
  await encodeIntoStore({
    encoder,
    texts: pictures(),
    total,
    store,
    work: {
      onProgress: ({ done }) => {
        largest = Math.max(largest, process.memoryUsage().rss)
        if (done < told) return
        told += Math.ceil(total / 10)
        console.log(`${done} pictures: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`)
      },
    },
  })
  const seconds = (performance.now() - started) / 1000
  console.log(
    `${total} pictures of ${size} pixels in ${seconds.toFixed(0)} s (${(total / seconds).toFixed(0)} a second); at most ${(largest / 2 ** 20).toFixed(0)} MiB`,
  )
} finally {
  await encoder.close()
  await rm(folder, { recursive: true, force: true })
}
