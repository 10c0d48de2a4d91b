import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { describeShared, sharedPath } from '../../../test/support/shared.ts'
import { openCollection } from '../../data/index.ts'
import { evaluate, parseMeasures } from '../../measure/index.ts'
import { Bm25Index, type Bm25Options } from './index.ts'

const cacheDir = mkdtempSync(join(tmpdir(), 'bm25-figures-'))
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }))

async function figures(name: string, options: Bm25Options): Promise<Record<string, number>> {
  const collection = await openCollection({ source: sharedPath(`data/${name}`) }, { cacheDir, offline: true })
  const index = await Bm25Index.build(collection.documents(), options)
  const run = await index.searchAll(await collection.queries(), 1000)
  const { mean } = evaluate(await collection.qrels(), run, parseMeasures(['nDCG@10', 'R@100', 'RR@10', 'AP']))
  return Object.fromEntries([...mean].map(([measure, value]) => [measure, Number(value!.toFixed(4))]))
}

describeShared("Anserini's own figures on the same files", ['data/scifact', 'data/nfcorpus'], () => {
  test('SciFact, flat', async () => {
    expect(await figures('scifact', {})).toEqual({ 'nDCG@10': 0.6789, 'R@100': 0.9253, 'RR@10': 0.6457, AP: 0.6401 })
  })

  test('NFCorpus, flat', async () => {
    expect(await figures('nfcorpus', {})).toEqual({ 'nDCG@10': 0.3218, 'R@100': 0.2457, 'RR@10': 0.5238, AP: 0.1504 })
  })

  test('SciFact and NFCorpus, two fields', async () => {
    expect((await figures('scifact', { multifield: true }))['nDCG@10']).toBe(0.6647)
    expect((await figures('nfcorpus', { multifield: true }))['nDCG@10']).toBe(0.3254)
  })
})
