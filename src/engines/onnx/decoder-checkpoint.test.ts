import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  DEFAULTS,
  idsOf,
  loadFolder,
  type Model,
  numbers,
  PYTHON_TIME,
  run,
} from '../../../test/support/decoder-graphs.ts'
import { describeTransformers, runPython } from '../../../test/support/python.ts'
import { type Checkpoint, readSafetensors } from '../text/safetensors.ts'
import { buildDecoder, decoderFacts, isDecoder } from './families/decoders/index.ts'
import { storeFolder } from './quantized-file.ts'

const TEXT = Array.from({ length: 12 }, (_, i) => 20 + i * 43)

describeTransformers('decoder checkpoints', () => {
  let root: string
  const load = (name: string): Promise<Model> => loadFolder(join(root, name))

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'decoders-'))
    runPython('tiny_models.py', [root])
  }, PYTHON_TIME)
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  it('writes a damaged quantised copy anew, and leaves whole ones', async () => {
    const model = await load('qwen3')
    const store = { folder: join(root, 'damaged'), key: 'k' }
    const once = () => run(model, { layer: 4, positions: 'last', dtype: 'int8' }, [{ input_ids: idsOf([TEXT]) }], store)
    const [first] = await once()
    const folder = storeFolder(store)
    const file = join(folder, readdirSync(folder).find((name) => name.includes('q_proj'))!)
    const [size, whole] = [statSync(file).size, readdirSync(folder).map((name) => statSync(join(folder, name)).ino)]
    truncateSync(file, size - 5)
    const [second] = await once()
    expect(statSync(file).size).toBe(size)
    expect(numbers(second!.states)).toEqual(numbers(first!.states))
    const again = readdirSync(folder).map((name) => statSync(join(folder, name)).ino)
    expect(again.filter((inode) => whole.includes(inode)).length).toBe(whole.length - 1)
  })

  it('refuses weights that are no numbers rather than round them away', async () => {
    const model = await load('qwen2')
    const place = model.checkpoint.get('model.layers.1.mlp.up_proj.weight')!
    const bytes = readFileSync(place.file)
    bytes.writeFloatLE(Number.NaN, place.offset + 40)
    const file = join(root, 'nan.safetensors')
    writeFileSync(file, bytes)
    const broken = { ...model, checkpoint: (await readSafetensors(file))! }
    const feeds = [{ input_ids: idsOf([[1, 2]]) }]
    for (const store of [null, { folder: join(root, 'nan'), key: 'k' }])
      await expect(run(broken, { layer: 4, dtype: 'int4' }, feeds, store)).rejects.toThrow(
        'The tensor model.layers.1.mlp.up_proj.weight holds numbers that are infinite or none.',
      )
  })

  it.each([
    ['model.', 'language_model.model.', 'language_model.lm_head.weight'],
    ['model.', 'model.language_model.', 'lm_head.weight'],
    ['model.', '', 'lm_head.weight'],
  ])('finds %s… where a checkpoint calls it %s…', async (own, other, head) => {
    const model = await load('qwen2')
    const renamed = [...model.checkpoint].map(
      ([name, place]) => [name === 'lm_head.weight' ? head : other + name.slice(own.length), place] as const,
    )
    const feeds = [{ input_ids: idsOf([TEXT]) }]
    const [plain] = await run(model, { layer: 4, logits: true }, feeds)
    const [same] = await run({ ...model, checkpoint: new Map(renamed) }, { layer: 4, logits: true }, feeds)
    expect(numbers(same!.states)).toEqual(numbers(plain!.states))
    expect(numbers(same!.logits)).toEqual(numbers(plain!.logits))
  })

  it('says what is wrong with a model or with what is asked of it', async () => {
    const { config, checkpoint } = await load('qwen2')
    const build =
      (changed: object, options: object = {}, tensors: Checkpoint = checkpoint) =>
      () =>
        buildDecoder({ ...config, ...changed }, tensors, { ...DEFAULTS, layer: 4, ...options })
    const without = (name: string) => new Map([...checkpoint].filter(([key]) => key !== name))
    expect(build({}, { layer: 5 })).toThrow('There is no layer 5: the model has layers 0 (embeddings) to 4.')
    expect(build({}, { cache: true, attention: 'bidirectional' })).toThrow('cannot be decoded one by one')
    expect(build({ intermediate_size: 161 })).toThrow('has shape [160,64]; config.json asks for [161,64]')
    expect(build({ num_hidden_layers: 5, layer_types: undefined }, { layer: 5 })).toThrow(
      'The checkpoint has no tensor model.layers.4.input_layernorm.weight.',
    )
    expect(build({}, { logits: true }, without('lm_head.weight'))).toThrow('has no language-model head')
    expect(build({}, {}, without('lm_head.weight'))).not.toThrow()
    expect(build({}, {}, without('model.embed_tokens.weight'))).toThrow('has no tensor embed_tokens.weight')
    expect(build({ model_type: 'gpt2' })).toThrow('the architecture "gpt2" is not among the decoders that are built')
  })

  it('knows a decoder when it sees one', async () => {
    const { config, checkpoint } = await load('qwen2-yarn')
    expect(isDecoder(config)).toBe(true)
    expect(decoderFacts(config, checkpoint)).toEqual({
      layers: 3,
      hidden: 64,
      heads: 4,
      kvHeads: 2,
      headSize: 16,
      context: 256,
      vocabulary: 640,
      slidingWindow: 8,
      attention: 'causal',
      head: 'tied',
    })
  })
})
