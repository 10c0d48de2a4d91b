import { describe, expect, it } from 'vitest'
import {
  modulePaths,
  type SentenceTransformersFiles,
  sentenceTransformers,
  transformerPath,
} from './sentence-transformers.ts'
import type { RecipeParameters } from './types.ts'

const module = (name: string, path: string) => ({ idx: 0, name, path, type: `sentence_transformers.models.${name}` })
const MODULES = [module('Transformer', ''), module('Pooling', '1_Pooling'), module('Normalize', '2_Normalize')]

const files = (changes: Partial<SentenceTransformersFiles> = {}): SentenceTransformersFiles => ({
  modules: MODULES,
  moduleConfigs: { '1_Pooling': { pooling_mode_mean_tokens: true } },
  sentenceConfig: { max_seq_length: 256, do_lower_case: false },
  modelConfig: null,
  tokenizerConfig: { model_max_length: 512 },
  maxPositions: 512,
  positionLimit: 512,
  ...changes,
})
const NO_TOKENS = { bos: null, eos: null, pad: null, unk: null }
const resolve = (given: SentenceTransformersFiles, parameters: RecipeParameters = {}, decoder = false) =>
  sentenceTransformers.resolve(
    {
      name: 'a model',
      architecture: decoder ? 'qwen2' : 'bert',
      decoder,
      layers: 6,
      context: given.positionLimit,
      chatTemplate: null,
      tokens: NO_TOKENS,
      files: given,
    },
    parameters,
  )
/** The recipe with its prompts as the texts before the contents. */
const recipeOf = (...args: Parameters<typeof resolve>) => withPrefix(resolve(...args))
function withPrefix({ recipe }: ReturnType<typeof resolve>) {
  const prefixOf = (side: 'query' | 'document') => {
    const [first] = recipe.prompts[side][0]!.parts
    return first!.kind === 'literal' ? first!.text : ''
  }
  return { ...recipe, prefix: { query: prefixOf('query'), document: prefixOf('document') } }
}
const invalid = (field: string) =>
  expect.objectContaining({ code: 'MODEL_INVALID', where: expect.objectContaining({ field }) })

describe('sentence-transformers recipe', () => {
  it('reads a whole model', () => {
    const { recipe, head, warnings } = resolve(files())
    const prompt = { parts: [{ kind: 'contents' }], join: 'text', addSpecialTokens: true, end: null }
    expect(recipe).toMatchObject({
      id: 'sentence-transformers',
      prompts: { query: [prompt], document: [prompt] },
      pooling: ['mean'],
      span: 'all',
      normalize: true,
      maxLength: { query: 256, document: 256 },
      similarity: 'cosine',
    })
    expect(head).toEqual([])
    expect(warnings).toEqual([])
  })

  describe('pooling', () => {
    const poolingOf = (config: Record<string, unknown>) =>
      recipeOf(files({ moduleConfigs: { '1_Pooling': config } })).pooling

    it('joins several switches in sentence-transformers’ order, not in the file’s', () => {
      expect(
        poolingOf({
          pooling_mode_mean_sqrt_len_tokens: true,
          pooling_mode_mean_tokens: true,
          pooling_mode_max_tokens: true,
          pooling_mode_cls_token: true,
        }),
      ).toEqual(['cls', 'max', 'mean', 'mean_sqrt_len'])
      expect(poolingOf({ pooling_mode_lasttoken: true, pooling_mode_weightedmean_tokens: true })).toEqual([
        'weightedmean',
        'lasttoken',
      ])
    })

    it('takes the mean where no switch is on', () => {
      expect(poolingOf({ pooling_mode_mean_tokens: false })).toEqual(['mean'])
    })

    it('reads the newer form, one or several, in the file’s order', () => {
      expect(poolingOf({ pooling_mode: 'cls' })).toEqual(['cls'])
      expect(poolingOf({ pooling_mode: ['mean_sqrt_len_tokens', 'cls'] })).toEqual(['mean_sqrt_len', 'cls'])
      expect(() => poolingOf({ pooling_mode: 'median' })).toThrow(invalid('pooling_mode'))
      expect(() => poolingOf({ pooling_mode: 'constructor' })).toThrow(invalid('pooling_mode'))
    })

    it('refuses a pooling module without config', () => {
      expect(() => recipeOf(files({ moduleConfigs: {} }))).toThrow(/not there, though modules.json names/)
    })

    it('reads whether the prompt takes part', () => {
      const config = { pooling_mode: 'mean', include_prompt: false }
      expect(recipeOf(files({ moduleConfigs: { '1_Pooling': config } })).span).toBe('after-prompt')
    })

    it('lets the user choose', () => {
      expect(recipeOf(files(), { pooling: 'cls' }).pooling).toEqual(['cls'])
      expect(recipeOf(files(), { pooling: ['cls', 'max'] }).pooling).toEqual(['cls', 'max'])
    })
  })

  it('takes the mean for a plain checkpoint, and says so', () => {
    const plain = resolve(files({ modules: null, moduleConfigs: {}, sentenceConfig: null }))
    expect(plain.recipe).toMatchObject({ pooling: ['mean'], maxLength: { query: 512, document: 512 }, normalize: true })
    expect(plain.warnings).toEqual([expect.stringContaining('mean pooling is assumed')])
    expect(resolve(files({ modules: null }), { pooling: 'cls' }).warnings).toEqual([])
  })

  it('takes the last token of a plain decoder, and says so', () => {
    const plain = files({ modules: null, moduleConfigs: {}, sentenceConfig: null })
    const { recipe, warnings } = resolve(plain, {}, true)
    expect(recipe).toMatchObject({ pooling: ['lasttoken'], attention: 'model' })
    expect(warnings).toEqual([expect.stringContaining('last-token pooling is assumed')])
    expect(resolve(plain, { pooling: 'mean' }, true)).toMatchObject({ recipe: { pooling: ['mean'] }, warnings: [] })
  })

  describe('length', () => {
    it.each([
      ['max_seq_length rules, also above the tokenizer’s', { tokenizerConfig: { model_max_length: 128 } }, 256],
      ['but never above what the weights allow', { positionLimit: 200 }, 200],
      ['without it the tokenizer’s', { sentenceConfig: {}, tokenizerConfig: { model_max_length: 300 } }, 300],
      ['or the config’s, whichever is less', { sentenceConfig: null, maxPositions: 400 }, 400],
      [
        'a tokenizer without limit counts for nothing',
        { sentenceConfig: null, tokenizerConfig: { model_max_length: 1e30 } },
        512,
      ],
    ] as const)('%s', (_, changes, want) => {
      expect(recipeOf(files(changes)).maxLength.document).toBe(want)
    })

    it('falls back to 512 and says so', () => {
      const { recipe, warnings } = resolve(
        files({
          sentenceConfig: null,
          tokenizerConfig: { model_max_length: 1e30 },
          maxPositions: null,
          positionLimit: null,
        }),
      )
      expect(recipe.maxLength.query).toBe(512)
      expect(warnings).toEqual([expect.stringContaining('no maximum length')])
    })

    it('lets the user choose what the model can take', () => {
      expect(recipeOf(files(), { maxLength: 512 }).maxLength).toEqual({ query: 512, document: 512 })
      expect(recipeOf(files(), { maxLength: { query: 32 } }).maxLength).toEqual({ query: 32, document: 256 })
      for (const maxLength of [513, 0, 1.5])
        expect(() => recipeOf(files(), { maxLength })).toThrow(expect.objectContaining({ code: 'RECIPE_INVALID' }))
    })
  })

  describe('prompts', () => {
    const of = (modelConfig: Record<string, unknown>, overrides = {}) => {
      const resolved = resolve(files({ modelConfig }), overrides)
      return { ...resolved, recipe: withPrefix(resolved) }
    }

    it('takes those of encode_query and encode_document', () => {
      expect(of({ prompts: { query: 'q: ', document: 'd: ' } }).recipe.prefix).toEqual({
        query: 'q: ',
        document: 'd: ',
      })
      expect(of({ prompts: { query: 'q: ', document: null } }).recipe.prefix).toEqual({ query: 'q: ', document: '' })
    })

    it('takes "passage" or "corpus" for documents where there is no "document", and says so', () => {
      const { recipe, warnings } = of({ prompts: { query: 'q: ', document: '', passage: 'p: ' } })
      expect(recipe.prefix).toEqual({ query: 'q: ', document: 'p: ' })
      expect(warnings).toEqual([expect.stringContaining('"passage" prompt')])
      expect(of({ prompts: { corpus: 'c: ' } }).recipe.prefix).toEqual({ query: '', document: 'c: ' })
    })

    it('says when the default prompt is used for neither side', () => {
      const prompts = { web: 'Instruct: ', query: 'q: ' }
      expect(of({ prompts, default_prompt_name: 'web' }).warnings).toEqual([
        expect.stringContaining('default prompt "web"'),
      ])
      expect(of({ prompts, default_prompt_name: 'query' }).warnings).toEqual([])
    })

    it('lets the user choose, empty included', () => {
      const prompts = { query: 'q: ', passage: 'p: ' }
      const { recipe, warnings } = of({ prompts }, { prompts: { query: 'Q ', document: '' } })
      expect(recipe.prefix).toEqual({ query: 'Q ', document: '' })
      expect(warnings).toEqual([])
    })

    it('refuses a prompt that is not text', () => {
      expect(() => of({ prompts: { query: 3 } })).toThrow(invalid('prompts.query'))
    })
  })

  describe('similarity and length of vectors', () => {
    const withoutNormalize = { modules: MODULES.slice(0, 2) }

    it('normalises for the cosine, and not for the dot product', () => {
      expect(recipeOf(files(withoutNormalize))).toMatchObject({ normalize: true, similarity: 'cosine' })
      const dot = files({ ...withoutNormalize, modelConfig: { similarity_fn_name: 'dot' } })
      expect(recipeOf(dot)).toMatchObject({ normalize: false, similarity: 'dot' })
      expect(recipeOf(dot, { normalize: true }).normalize).toBe(true)
      expect(recipeOf(files(), { normalize: false }).normalize).toBe(false)
    })

    it('says when the model’s similarity is another', () => {
      const { recipe, warnings } = resolve(files({ modelConfig: { similarity_fn_name: 'manhattan' } }))
      expect(recipe.similarity).toBe('cosine')
      expect(warnings).toEqual([expect.stringContaining('"manhattan"')])
    })
  })

  describe('modules', () => {
    const dense = {
      in_features: 32,
      out_features: 8,
      bias: false,
      activation_function: 'torch.nn.modules.linear.Identity',
    }
    const withDense = (
      config: Record<string, unknown>,
      modules: unknown = [...MODULES.slice(0, 2), module('Dense', '2_Dense')],
    ) => resolve(files({ modules, moduleConfigs: { '1_Pooling': {}, '2_Dense': config } }))

    it('reads dense layers in order, with normalisation between them', () => {
      const modules = [
        ...MODULES,
        module('Dense', '2_Dense'),
        module('Dropout', '4_Dropout'),
        module('Normalize', '5_Normalize'),
      ]
      expect(withDense(dense, modules).head).toEqual([
        { kind: 'normalize' },
        { kind: 'dense', path: '2_Dense', inputs: 32, outputs: 8, bias: false, activation: 'identity' },
      ])
      expect(withDense({ in_features: 32, out_features: 8 }).head).toMatchObject([{ bias: true, activation: 'tanh' }])
    })

    it.each([
      [{ ...dense, activation_function: 'my.code.Activation' }, 'activation_function'],
      [{ ...dense, use_residual: true }, 'use_residual'],
      [{ ...dense, module_input_name: 'token_embeddings' }, 'module_input_name'],
      [{ out_features: 8 }, 'in_features'],
    ])('refuses a dense layer that cannot be followed: %j', (config, field) => {
      expect(() => withDense(config)).toThrow(invalid(field))
    })

    it('refuses modules that are not built, code of the model’s own, and paths that lead elsewhere', () => {
      const modules = (entry: object) => files({ modules: [MODULES[0], entry] })
      expect(() => recipeOf(modules(module('LSTM', '1_LSTM')))).toThrow(/LSTM module, which is not built/)
      expect(() => recipeOf(modules({ ...MODULES[1], type: 'custom_st.Transformer' }))).toThrow(
        /runs no code from models/,
      )
      for (const path of ['../1_Pooling', '/etc', 'a/../../b'])
        expect(() => recipeOf(modules({ ...MODULES[1], path }))).toThrow(/no usable "type" and "path"/)
      expect(() => recipeOf(files({ modules: {} }))).toThrow(/not a list/)
    })

    it('finds the folders of the modules', () => {
      const old = [module('Transformer', '0_Transformer'), module('Pooling', '1_Pooling')]
      expect([transformerPath(old), transformerPath(MODULES), transformerPath(null)]).toEqual(['0_Transformer', '', ''])
      expect(modulePaths(MODULES)).toEqual(['1_Pooling', '2_Normalize'])
    })
  })
})
