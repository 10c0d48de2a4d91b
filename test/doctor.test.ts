import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareHttp, prepareOnnx } from '../src/engines/index.ts'
import { Laboratory } from '../src/engines/onnx/laboratory.ts'
import { readCheckpoint } from '../src/engines/text/safetensors.ts'
import type { RecipeParameters } from '../src/recipes/types.ts'
import type { Check } from '../src/study/doctor/check.ts'
import { checkEncoder } from '../src/study/doctor/encoder.ts'
import { askProbes, compareEngines, type Reference, templateOf } from '../src/study/doctor/engines.ts'
import { checkLanguage } from '../src/study/doctor/model-files.ts'
import { longText } from '../src/study/doctor/texts.ts'
import { runCli } from './support/cli.ts'
import { type Fault, loadServedModel, type ServedModel } from './support/faulty-server.ts'
import { describeTransformers, runPython } from './support/python.ts'
import { describeWith, minilmPath } from './support/shared.ts'

/*
 * Faults planted in real things: servers that run a real model carelessly, and models whose own files were changed. The doctor must name each,
 * and find nothing where nothing is.
 */

const MAX_LENGTH = 64
const realModel = fileURLToPath(new URL('../.models/qwen2.5-coder-0.5b-instruct', import.meta.url))

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fieldtrial-doctor-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const failedOf = (checks: readonly Check[]) => checks.filter((check) => check.status === 'failed')
const found = (checks: readonly Check[], name: string) => checks.find((check) => check.name === name)

/** All checks of a model under a recipe, and of a server with its prompts against it. */
async function examine(
  folder: string,
  recipe: string,
  parameters: RecipeParameters,
  served?: { readonly model: ServedModel; readonly fault: Fault },
): Promise<Check[]> {
  const prepared = await prepareOnnx(folder, { recipe, parameters, hashCache: join(root, 'hashes.json') })
  const { query, document } = prepared.info.recipe.prompts
  const server = await served?.model.serve(served.fault)
  try {
    const prompts = { query: templateOf(query[0]!), document: templateOf(document[0]!) }
    const http = server && (await prepareHttp({ url: server.url, model: 'served', prompts }))
    const checks: Check[] = []
    for await (const check of checkEncoder({ prepared, folder, threads: 2, ...(http ? { server: http } : {}) }))
      checks.push(check)
    return checks
  } finally {
    await server?.close()
  }
}

const ALONE = 'server against engine, texts alone'
const BATCH = 'server against engine, texts in one batch'
const LONG = 'server against engine, long texts'

/** The faults, the check that must fail, and what it must say. */
const FAULTS: readonly (readonly [name: string, fault: Fault, check: string, cause: RegExp])[] = [
  [
    'padding behind, last position pooled',
    { padding: 'behind' },
    BATCH,
    /cause: padding is pooled: .*\(on the right\)/,
  ],
  ['padding before, unmasked', { padding: 'before' }, BATCH, /cause: texts are padded before \(on the left\) without/],
  ['end token dropped', { endToken: 'dropped' }, ALONE, /cause: the end token behind the text \(EOS\) is dropped/],
  ['norm skipped', { norms: 0 }, ALONE, /cause: the model’s final norm is skipped/],
  ['norm applied twice', { norms: 2 }, ALONE, /cause: the model’s final norm is applied twice/],
  ['mean in place of last token', { pooling: 'mean' }, ALONE, /cause: the mean of all tokens is taken .* lasttoken/],
  ['query prompt missing', { strips: 'query: ' }, ALONE, /cause: the prompt is missing on the query side/],
  ['document prompt missing', { strips: 'passage: ' }, ALONE, /cause: the prompt is missing on the document side/],
  ['truncation that eats the end', { truncation: 'of-all' }, LONG, /cause: truncation at 64 tokens cuts the end/],
]

describeTransformers('doctor on tiny models', () => {
  const folders: Record<string, string> = {}
  const served: Record<string, ServedModel> = {}
  const parameters = { maxLength: MAX_LENGTH }

  beforeAll(async () => {
    runPython('tiny_models.py', [root])
    for (const name of ['qwen2', 'llama']) {
      folders[name] = join(root, name)
      served[name] = await loadServedModel(folders[name], MAX_LENGTH)
    }
  })
  afterAll(async () => {
    for (const model of Object.values(served)) await model.close()
  })

  it.each(['qwen2', 'llama'])('finds nothing wrong with %s and a server that is right', async (name) => {
    const checks = await examine(folders[name]!, 'last-token', parameters, { model: served[name]!, fault: {} })
    expect(failedOf(checks)).toEqual([])
    for (const check of [ALONE, BATCH, LONG]) expect(found(checks, check)).toMatchObject({ status: 'ok' })
    expect(found(checks, 'language')?.hint).toContain('not trained')
  })

  it.each([
    ['qwen2', 'promptreps'],
    ['qwen3', 'mean'],
    ['llama', 'prompteol'],
    ['llama', 'echo'],
    ['llama', 'weighted-mean'],
    ['gemma3', 'instruct'],
  ])('finds nothing wrong with %s under %s', async (name, recipe) => {
    expect(failedOf(await examine(join(root, name), recipe, parameters))).toEqual([])
  })

  // With a first token of its own and no padding token, padding and cuts differ; the rest does not.
  const where = { qwen2: FAULTS, llama: FAULTS.filter(([, { padding, truncation }]) => padding ?? truncation) }
  for (const [name, faults] of Object.entries(where))
    it.each(faults)(`finds, on ${name}: %s`, async (_, fault, check, cause) => {
      const checks = await examine(folders[name]!, 'last-token', parameters, { model: served[name]!, fault })
      expect(found(checks, check)).toMatchObject({ status: 'failed', hint: expect.stringMatching(cause) })
      // The engine itself is not accused.
      const accused = failedOf(checks).filter((failed) => !failed.name.startsWith('server'))
      expect(accused).toEqual([])
    })

  it('does not take 16-bit rounding for a fault, nor nonsense for a known one', async () => {
    const model = served.qwen2!
    const rounded = await examine(folders.qwen2!, 'last-token', parameters, { model, fault: { rounded: true } })
    expect(failedOf(rounded)).toEqual([])
    const nonsense = await examine(folders.qwen2!, 'last-token', parameters, { model, fault: { nonsense: true } })
    expect(found(nonsense, ALONE)?.hint).toMatch(/No known cause fits\. Mean cosine by side: query/)
  })

  it('finds NaN in the weights, and names the tensor', async () => {
    const folder = join(root, 'qwen2-nan')
    await cp(folders.qwen2!, folder, { recursive: true })
    const file = join(folder, 'model.safetensors')
    const place = (await readCheckpoint(folder))!.get('model.layers.2.mlp.up_proj.weight')!
    const bytes = await readFile(file)
    bytes.writeFloatLE(Number.NaN, place.offset + 400)
    await writeFile(file, bytes)
    const [failed, ...more] = failedOf(await examine(folder, 'last-token', parameters))
    expect(more).toEqual([])
    expect(failed).toMatchObject({
      name: 'texts are encoded',
      detail: expect.stringContaining('NaN'),
      hint: expect.stringMatching(/damaged weights: model\.layers\.2\.mlp\.up_proj\.weight .* 1 times/),
    })
  })

  it('prints all of it, and ends with code 6 where a check failed', async () => {
    const server = await served.qwen2!.serve({ endToken: 'dropped' })
    try {
      const flags = ['--recipe', 'last-token', '--max-length', String(MAX_LENGTH), '-w', join(root, 'workspace')]
      const fine = await runCli(['doctor', folders.qwen2!, ...flags, '--offline'])
      expect([fine.code, fine.stderr]).toEqual([0, ''])
      expect(fine.stdout).toMatch(/✓ final norm: applied once, as the recipe has it/)
      const bad = await runCli(['doctor', '--model', folders.qwen2!, ...flags, '--url', server.url, '--json'])
      expect(bad.code).toBe(6)
      const { checks } = JSON.parse(bad.stdout) as { checks: Check[] }
      expect(found(checks, ALONE)?.hint).toContain('(EOS) is dropped')
    } finally {
      await server.close()
    }
  })

  describeWith('with a tokenizer of another size', [minilmPath], () => {
    it('is found by its files', async () => {
      const folder = join(root, 'qwen2-minilm')
      await cp(folders.qwen2!, folder, { recursive: true })
      for (const file of ['tokenizer.json', 'tokenizer_config.json'])
        await cp(join(minilmPath, file), join(folder, file))
      const checks = await examine(folder, 'mean', parameters)
      expect(found(checks, 'tokenizer')).toMatchObject({
        status: 'failed',
        detail: expect.stringContaining('ids up to 30521, the model embeddings for 0 to 639'),
        hint: expect.stringContaining('tokenizer of another model'),
      })
    })
  })
})

describeWith('doctor on an encoder', [minilmPath], () => {
  it('finds nothing wrong with MiniLM', async () => {
    const checks = await examine(minilmPath, 'sentence-transformers', {})
    expect(failedOf(checks)).toEqual([])
    expect(found(checks, 'self-retrieval')?.detail).toMatch(/^2[234] of 24/)
  })
})

describeWith('doctor on a real language model', [realModel], () => {
  const parameters = { maxLength: MAX_LENGTH }

  it('finds nothing wrong with Qwen2.5-Coder-0.5B-Instruct', async () => {
    const checks = await examine(realModel, 'mean', { maxLength: 32 })
    expect(failedOf(checks)).toEqual([])
    expect(found(checks, 'language')?.detail).toMatch(/^it reads: [0-4]\.\d\d nats/)
    expect(found(checks, 'self-retrieval')?.status).toBe('ok')
  }, 180_000)

  it('finds the tokenizer of another model, though all its sizes fit', async () => {
    const folder = await mkdtemp(join(root, 'permuted-'))
    for (const file of ['config.json', 'model.safetensors', 'tokenizer_config.json', 'chat_template.jinja'])
      await symlink(join(realModel, file), join(folder, file))
    const tokenizer = JSON.parse(await readFile(join(realModel, 'tokenizer.json'), 'utf8'))
    const { vocab } = tokenizer.model as { vocab: Record<string, number> }
    // Each token gets the id of another.
    const ids = Object.values(vocab)
    for (const [at, token] of Object.keys(vocab).entries()) vocab[token] = ids[(at * 7919 + 13) % ids.length]!
    await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer))
    const { info } = await prepareOnnx(folder, { recipe: 'last-token', parameters })
    const laboratory = (await Laboratory.open(folder, info, { threads: 2 }))!
    try {
      expect(await checkLanguage(laboratory)).toMatchObject({
        status: 'failed',
        hint: expect.stringContaining('the tokenizer of another model'),
      })
    } finally {
      await laboratory.close()
    }
  }, 120_000)

  describe('against servers', () => {
    let model: ServedModel
    let laboratory: Laboratory
    let reference: Reference
    beforeAll(async () => {
      const { info, open } = await prepareOnnx(realModel, {
        recipe: 'last-token',
        parameters,
        hashCache: join(root, 'hashes.json'),
      })
      const encoder = await open({ threads: 2 })
      reference = await askProbes(encoder, longText(6), {})
      await encoder.close()
      laboratory = (await Laboratory.open(realModel, info, { threads: 2 }))!
      model = await loadServedModel(realModel, MAX_LENGTH)
    })
    afterAll(async () => {
      await model.close()
      await laboratory.close()
    })

    const compare = async (fault: Fault): Promise<Check[]> => {
      const server = await model.serve(fault)
      try {
        const prompts = { query: 'query: ', document: 'passage: ' }
        const http = await (await prepareHttp({ url: server.url, model: 'served', prompts })).open()
        const checks: Check[] = []
        for await (const check of compareEngines(reference, laboratory, http)) checks.push(check)
        return checks
      } finally {
        await server.close()
      }
    }

    it('finds no fault where there is none', async () => {
      expect((await compare({})).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok'])
    }, 120_000)

    it.each(FAULTS.filter(([, fault]) => fault.norms === 2 || fault.padding === 'behind'))(
      'finds: %s',
      async (_, fault, check, cause) => {
        expect(found(await compare(fault), check)).toMatchObject({
          status: 'failed',
          hint: expect.stringMatching(cause),
        })
      },
      120_000,
    )
  })
})
