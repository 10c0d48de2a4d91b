// A process for tests to kill: encodes into a store until it is done. Arguments: folder, documents, documents per shard, delay in ms.
import { encodeIntoStore, VectorStore } from '../../src/index/dense/index.ts'
import { HashEncoder, numberedTexts } from './hash-encoder.ts'

const [folder, rows, shardRows, delay] = [process.argv[2]!, ...process.argv.slice(3).map(Number)] as [
  string,
  number,
  number,
  number,
]
const encoder = new HashEncoder(16, delay)
const store = await VectorStore.create(folder, { identity: 'kill', dimension: 16, dtype: 'float32', rows, shardRows })
console.log('ready')
await encodeIntoStore({ encoder, texts: numberedTexts(rows), total: rows, store })
console.log(`done ${encoder.encoded}`)
