import { decoder, shape } from './build.ts'
import { LLAMA_SHAPES } from './llama-shapes.ts'
import type { ModelEntry } from './types.ts'

const BEGIN = { text: '<|begin_of_text|>', id: 128_000 }
const END = { text: '<|end_of_text|>', id: 128_001 }
const TURN_END = { text: '<|eot_id|>', id: 128_009 }

const DATE = 'Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n'
const DAILY =
  "The template writes the day's date into the system turn, so that `system: default` gives other vectors tomorrow: set `system`. "

interface Llama {
  readonly version: string
  readonly size: keyof typeof LLAMA_SHAPES
  readonly hub: string
  readonly context: number
  readonly base: string | null | undefined
  readonly instruct: string | null
  readonly licence: string
  /** What the template of the instruct model puts into the system turn. */
  readonly system: string | null
  readonly note?: string
}

/** Version and size, commits (undefined: there is no such model), and what sets the version apart. */
const MODELS: readonly Llama[] = [
  {
    version: '3',
    size: '8b',
    hub: 'meta-llama/Meta-Llama-3-8B',
    context: 8192,
    base: null,
    instruct: '8afb486c1db24fe5011ec46dfbe5b5dccdb575c2',
    licence: 'llama3',
    system: null,
  },
  {
    version: '3.1',
    size: '8b',
    hub: 'meta-llama/Llama-3.1-8B',
    context: 131_072,
    base: 'd04e592bb4f6aa9cfee91e2e20afa771667e1d4b',
    instruct: '0e9e39f249a16976918f6564b8830bc894c89659',
    licence: 'llama3.1',
    system: DATE,
  },
  {
    version: '3.1',
    size: '70b',
    hub: 'meta-llama/Llama-3.1-70B',
    context: 131_072,
    base: null,
    instruct: '1605565b47bb9346c5515c34102e054115b4f98b',
    licence: 'llama3.1',
    system: DATE,
  },
  {
    version: '3.2',
    size: '1b',
    hub: 'meta-llama/Llama-3.2-1B',
    context: 131_072,
    base: '4e20de362430cd3b72f300e6b0f18e50e7166e08',
    instruct: '9213176726f574b556790deb65791e0c5aa438b6',
    licence: 'llama3.2',
    system: DATE,
    note: DAILY,
  },
  {
    version: '3.2',
    size: '3b',
    hub: 'meta-llama/Llama-3.2-3B',
    context: 131_072,
    base: null,
    instruct: '0cb88a4f764b7a12671c53f0838cd831a0843b95',
    licence: 'llama3.2',
    system: DATE,
    note: DAILY,
  },
  {
    version: '3.3',
    size: '70b',
    hub: 'meta-llama/Llama-3.3-70B',
    context: 131_072,
    base: undefined,
    instruct: null,
    licence: 'llama3.3',
    system: DATE,
  },
]

const GATED = 'The hub asks for an agreement before it gives the files: set HF_TOKEN.'

/** Llama 2 7B, which RepLLaMA comes from. Llama 2's tokens are SentencePiece's. */
const LLAMA2 = decoder({
  name: 'llama-2-7b',
  family: 'llama',
  hub: 'meta-llama/Llama-2-7b-hf',
  revision: '01c7f73d771dfac7d292323805ebc428287df4f9',
  kind: 'llm',
  specialisation: 'base',
  architecture: 'llama',
  shape: shape(32, 4096, 32, 32, 11_008, 32_000, 'own'),
  context: 4096,
  eos: { text: '</s>', id: 2 },
  bos: { text: '<s>', id: 1 },
  licence: 'llama2',
  recipe: { recipe: 'prompteol' },
  note: `${GATED} It has no pad token and no chat template.`,
  unverified: ['head', 'tokens', 'licence'],
})

/** Meta's Llama. Base models bring no chat template: their recipe here is one without turns. */
export const LLAMA: readonly ModelEntry[] = [
  LLAMA2,
  ...MODELS.flatMap((model) => {
    const name = `llama-${model.version}-${model.size}`
    const common = {
      family: 'llama',
      kind: 'llm',
      architecture: 'llama',
      shape: LLAMA_SHAPES[model.size],
      context: model.context,
      bos: BEGIN,
      licence: model.licence,
    } as const
    const instruct = decoder({
      ...common,
      name: `${name}-instruct`,
      hub: `${model.hub}-Instruct`,
      revision: model.instruct,
      specialisation: 'instruct',
      eos: TURN_END,
      chat: true,
      systemTurn: model.system,
      ...(model.base === undefined ? {} : { descendsFrom: { name, how: 'instruction tuning' } }),
      recipe: { recipe: 'promptreps' },
      note: `${model.note ?? ''}${GATED} It has no pad token.`,
      unverified: ['head', 'tokens', 'systemTurn', 'licence'],
    })
    if (model.base === undefined) return [instruct]
    const base = decoder({
      ...common,
      name,
      hub: model.hub,
      revision: model.base,
      specialisation: 'base',
      eos: END,
      recipe: { recipe: 'prompteol' },
      note: `${GATED} It has no pad token and no chat template.`,
      unverified: ['head', 'tokens', 'licence'],
    })
    return [base, instruct]
  }),
]
