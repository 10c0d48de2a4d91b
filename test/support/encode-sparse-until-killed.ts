// A process for tests to kill: encodes dense and sparse vectors into a store until it is done. Arguments: folder, documents, documents per
// shard, delay in ms.
import { encodeIntoStore, VectorStore } from '../../src/index/dense/index.ts'
import { numberedTexts } from './hash-encoder.ts'
import { SparseHashEncoder } from './sparse-hash-encoder.ts'

const [folder, rows, shardRows, delay] = [process.argv[2]!, ...process.argv.slice(3).map(Number)] as [
  string,
  number,
  number,
  number,
]
const encoder = new SparseHashEncoder(16, delay)
const meta = { identity: 'kill', dimension: 16, dtype: 'float32', rows, shardRows, sparse: true } as const
const store = await VectorStore.create(folder, meta)
console.log('ready')
await encodeIntoStore({ encoder, texts: numberedTexts(rows), total: rows, store })
console.log(`done ${encoder.encoded}`)
