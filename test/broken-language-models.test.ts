import { cp, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCli } from './support/cli.ts'
import { TINY, writeCollection } from './support/collections.ts'
import { describeTransformers, runPython } from './support/python.ts'

/*
 * Language models that cannot be used, each broken in its own way, in one study beside BM25 and one that is whole: each fails its own trials
 * with a sentence that says what and where, and the others are finished.
 */
describeTransformers('a study over broken language models', () => {
  let folder: string
  const model = (name: string) => join(folder, 'models', name)
  const editConfig = async (name: string, change: (config: Record<string, unknown>) => void) => {
    const file = join(model(name), 'config.json')
    const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
    change(config)
    await writeFile(file, JSON.stringify(config))
  }
  const shardsOf = async (name: string) =>
    (await readdir(model(name))).filter((file) => /^model-.*\.safetensors$/.test(file)).sort()

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldtrial-broken-'))
    runPython('tiny_models.py', [join(folder, 'models')])
    await writeCollection(join(folder, 'tiny'), TINY)
    const copy = (from: string, to: string) => cp(model(from), model(to), { recursive: true })

    await copy('qwen2', 'short')
    const weights = join(model('short'), 'model.safetensors')
    await truncate(weights, (await readFile(weights)).length - 1000)
    await copy('qwen2', 'corrupt')
    const file = await open(join(model('corrupt'), 'model.safetensors'), 'r+')
    await file.write(Buffer.from('{"not": json'), 0, 12, 8)
    await file.close()
    const sharded = (
      await Promise.all(
        (await readdir(join(folder, 'models'))).map(async (name) => [name, await shardsOf(name)] as const),
      )
    ).find(([, shards]) => shards.length > 1)![0]
    await copy(sharded, 'shard-gone')
    await rm(join(model('shard-gone'), (await shardsOf('shard-gone'))[1]!))
    await copy('qwen2', 'mamba')
    await editConfig('mamba', (config) => {
      config.model_type = 'mamba'
    })
    await copy('qwen2', 'foreign')
    await cp(
      join(import.meta.dirname, 'fixtures/tokenizers/gemma/tokenizer.json'),
      join(model('foreign'), 'tokenizer.json'),
    )
    await copy('qwen2', 'narrow')
    await editConfig('narrow', (config) => {
      config.max_position_embeddings = 24
    })
  }, 180_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('tells of each, finishes the others, and exits with the first failure', async () => {
    const names = ['qwen2', 'short', 'corrupt', 'shard-gone', 'mamba', 'foreign', 'narrow']
    const study = join(folder, 'study.yaml')
    await writeFile(
      study,
      [
        'name: broken',
        'collections: [./tiny]',
        'baselines: [bm25]',
        'recipes: [promptreps]',
        'models:',
        ...names.map((name) => `  - {id: ${name}, model: ./models/${name}}`),
        '  - {id: whole, model: ./models/qwen3, recipes: [mean]}',
        'fusion: ["rrf:bm25,whole", "rrf:bm25,mamba"]',
        '',
      ].join('\n'),
    )
    const result = await runCli(['run', study, '-w', join(folder, 'ws')], { cwd: folder })
    expect(result.code).toBe(4)
    expect(result.stderr).not.toMatch(/\n\s+at .*\.(js|ts):\d+/)
    const { trials } = JSON.parse(await readFile(join(folder, 'results', 'broken', 'results.json'), 'utf8')) as {
      trials: { retriever: string; status: string; error: { code: string; message: string; hint?: string } | null }[]
    }
    const outcome = Object.fromEntries(
      trials.map(({ retriever, status, error }) => [
        retriever,
        error === null ? status : `${error.code}: ${error.message}`,
      ]),
    )
    expect(outcome).toEqual({
      bm25: 'done',
      qwen2: 'done',
      short: expect.stringMatching(
        /^MODEL_INVALID: .*short\/model\.safetensors is cut off: the tensor .* ends at byte \d+/,
      ),
      corrupt: expect.stringMatching(/^MODEL_INVALID: .*corrupt\/model\.safetensors has a header that is not JSON/),
      'shard-gone': expect.stringMatching(
        /^MODEL_INVALID: .*shard-gone\/model-.*\.safetensors is named by model\.safetensors\.index\.json but is not there/,
      ),
      mamba: expect.stringMatching(/^MODEL_INVALID: .*mamba.* architecture "mamba"/),
      foreign: expect.stringMatching(/^MODEL_INVALID: .*tokenizer\.json is not the tokenizer of this model: /),
      narrow: expect.stringMatching(/^(RECIPE_INVALID|ENGINE_FAILED): .*2\d? tokens|.*takes 24/),
      whole: 'done',
      'rrf-bm25+whole': 'done',
      'rrf-bm25+mamba': expect.stringMatching(/^MODEL_INVALID: rrf-bm25\+mamba needs mamba, which cannot be run/),
    })
    const mamba = trials.find((trial) => trial.retriever === 'mamba')!
    expect(mamba.error!.hint).toMatch(/bert.*qwen2.*qwen3.*llama|qwen2.*llama/)
    for (const { error } of trials) if (error !== null) expect(error.hint).toBeTruthy()
  })

  it('refuses before any work where no retriever is left', async () => {
    const result = await runCli(
      ['run', '-c', join(folder, 'tiny'), '-r', model('mamba'), '-w', join(folder, 'ws-alone')],
      { cwd: folder },
    )
    expect(result.code).toBe(4)
    expect(result.stderr).toMatch(/architecture "mamba"/)
    expect(result.stdout).toBe('')
  })
})
