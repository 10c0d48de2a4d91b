import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { describeWith, minilmPath } from '../../../test/support/shared.ts'
import type { Side } from '../../recipes/types.ts'
import { TextTokenizer } from '../text/tokenizer/tokenizer.ts'
import type { Encoded } from '../types.ts'
import { prepareOnnx } from './prepare.ts'

/*
 * Vectors and tokens equal sentence-transformers', for every family and layout: test/fixtures/models/make.py wrote the references.
 */
interface Reference {
  readonly query: readonly number[][]
  readonly document: readonly number[][]
  readonly ids: readonly number[][]
  readonly truncated: readonly boolean[]
}

const fixtures = fileURLToPath(new URL('../../../test/fixtures/models/', import.meta.url))
const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T
const texts = readJson<string[]>(`${fixtures}texts.json`)
const models = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!
    aa += a[i]! ** 2
    bb += b[i]! ** 2
  }
  return ab / Math.sqrt(aa * bb)
}

/** Names the texts that differ, since "0.98 < 0.99999" alone tells nothing. */
function farFrom(encoded: Encoded, reference: readonly number[][], atLeast: number): string[] {
  const { vectors, dimension } = encoded
  return reference.flatMap((want, i) => {
    const got = vectors.subarray(i * dimension, (i + 1) * dimension)
    const similarity = got.length === want.length ? cosine(got, want) : Number.NaN
    return similarity >= atLeast ? [] : [`text ${i}: ${similarity}`]
  })
}

describe('engines/onnx against sentence-transformers', () => {
  it('has a reference for every fixture', () => {
    expect(models).toEqual([
      'bert',
      'bert-old',
      'bert-plain',
      'camembert',
      'distilbert',
      'mpnet',
      'roberta',
      'shipped',
      'xlm-roberta',
    ])
  })

  it.each(models)('%s', async (name) => {
    const folder = `${fixtures}${name}`
    const reference = readJson<Reference>(`${folder}/reference.json`)
    const prepared = await prepareOnnx(folder)
    const encoder = await prepared.open({ threads: 1 })
    try {
      for (const side of ['query', 'document'] as const satisfies readonly Side[]) {
        const encoded = await encoder.encode(texts, side)
        expect(farFrom(encoded, reference[side], 0.99999), side).toEqual([])
        if (prepared.info.recipe.prompts[side][0]!.parts.length > 1) continue
        expect([...encoded.tokens]).toEqual(reference.ids.map((ids) => ids.length))
        expect([...encoded.truncated]).toEqual(reference.truncated.map(Number))
      }
    } finally {
      await encoder.close()
    }
  })
})

describeWith('engines/onnx with all-MiniLM-L6-v2', [minilmPath], () => {
  const reference = readJson<Reference>(`${fixtures}minilm-reference.json`)

  it('gives sentence-transformers’ vectors', async () => {
    const encoder = await (await prepareOnnx(minilmPath)).open({ threads: 2 })
    const encoded = await encoder.encode(texts, 'document')
    await encoder.close()
    expect(farFrom(encoded, reference.document, 0.99999)).toEqual([])
    expect([...encoded.truncated]).toEqual(reference.truncated.map(Number))
  })

  it('gives the tokens of the Rust tokenizer', async () => {
    const config = readJson<object>(`${minilmPath}/tokenizer_config.json`)
    const tokenizer = await TextTokenizer.load(`${minilmPath}/tokenizer.json`, config, false)
    expect(texts.map((text) => tokenizer.encode(text, 256).ids)).toEqual(reference.ids)
  })
})
