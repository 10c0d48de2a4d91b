import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { findDataset } from '../src/data/index.ts'
import { modelByName, modelGroups } from '../src/data/models/index.ts'
import { isGguf } from '../src/engines/text/gguf/file.ts'
import { sourcesOf } from '../src/fusion/weights/index.ts'
import { readStudy } from '../src/study/parse.ts'
import type { ModelSpec } from '../src/study/study.ts'
import { readRef } from '../src/train/study.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'studies')
// Training files have tests of their own.
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.yaml') && !/(^|\/)train[/-]/.test(name),
)
const read = (name: string) => readStudy(join(folder, name))

/** The model, the base that is trained, or those that it is merged out of. */
async function namesOf({ given, merge, training }: ModelSpec): Promise<string[]> {
  if (training !== undefined) return [(await readRef(training)).given]
  if (merge === undefined) return [given]
  return [...(merge.base === undefined ? [] : [merge.base]), ...sourcesOf(merge).map(({ model }) => model)]
}

describe('the ready studies', () => {
  test('are these', () => {
    expect(files.toSorted()).toEqual([
      'miniature-images.yaml',
      'miniature.yaml',
      'small/engines.yaml',
      'small/float8.yaml',
      'small/fusion.yaml',
      'small/layers.yaml',
      'small/recipes.yaml',
      'small/specialized-llms-0.5b.yaml',
      'small/unified-mini.yaml',
      'specialized-llms-controls.yaml',
      'specialized-llms-supervised.yaml',
      'specialized-llms.yaml',
      'unified-small.yaml',
      'unified.yaml',
    ])
  })

  test.each(files)('%s is sound, and names models and collections that are known', async (name) => {
    const study = await read(name)
    // `scripts/miniature.ts` makes the others.
    for (const { given } of study.collections.flatMap((one) => one.unified ?? one))
      if (!given.startsWith('../miniature/')) expect(findDataset(given), given).toBeDefined()
    for (const retriever of study.retrievers)
      if (retriever.kind === 'dense' && !isGguf(retriever.model.given))
        for (const name of await namesOf(retriever.model)) expect(modelByName(name), retriever.id).toBeDefined()
    // Outside what git keeps.
    expect(study.outputFolder).toBe(join(root, 'results', study.name))
  })

  test('the paper’s has the eight models by PromptReps, all of BEIR’s and CoIR’s sets, and keeps the query’s own document', async () => {
    const study = await read('specialized-llms.yaml')
    expect(study.retrievers.map(({ id }) => id)).toEqual(['bm25', ...modelGroups['specialized-llms']!])
    for (const retriever of study.retrievers)
      if (retriever.kind === 'dense')
        expect(retriever).toMatchObject({
          output: 'dense',
          recipe: { recipe: 'promptreps', parameters: { system: 'default', maxLength: 512 } },
        })
    expect(study.collections.filter(({ given }) => given.startsWith('beir/'))).toHaveLength(25)
    expect(study.collections.filter(({ given }) => given.startsWith('coir/'))).toHaveLength(20)
    expect(study.collections.filter(({ removeSelf }) => removeSelf === false).map(({ name }) => name)).toEqual([
      'arguana',
      'quora',
    ])
    expect(study.depth).toBe(100)
  })

  test('the controls try every model with every recipe, named as the comments say', async () => {
    const study = await read('specialized-llms-controls.yaml')
    const ids = study.retrievers.map(({ id }) => id)
    const math = ids.filter((id) => id.startsWith('qwen2.5-math-7b+')).map((id) => id.slice('qwen2.5-math-7b+'.length))
    expect(math).toHaveLength(3 + 1 + 2 + 4 + 8 + 1 + 4)
    expect(ids).toHaveLength(1 + 8 * math.length)
    for (const name of ['prompt-system_default', 'prompt-system_none', 'uncut', 'last-token-eos', 'last-token-no_eos'])
      expect(math).toContain(name)
    expect(math.filter((id) => id.startsWith('layer-'))).toHaveLength(4)
    expect(math.filter((id) => id.startsWith('post-'))).toHaveLength(8)
  })
})
