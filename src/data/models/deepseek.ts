import { decoder, shape } from './build.ts'
import { LLAMA_SHAPES } from './llama-shapes.ts'
import { QWEN25_SHAPES } from './qwen-common.ts'
import type { ModelEntry, ModelShape } from './types.ts'

const END = '<｜end▁of▁sentence｜>'
const BEGIN = '<｜begin▁of▁sentence｜>'

interface Distilled {
  readonly name: string
  readonly revision: string | null
  readonly shape: ModelShape
  readonly from: string
}

const QWEN: readonly Distilled[] = [
  // Its head is a matrix of its own, unlike that of the model it comes from.
  {
    name: 'Qwen-1.5B',
    revision: 'ad9f0ae0864d7fbcd1cd905e3c6c5b069cc8b562',
    shape: shape(28, 1536, 12, 2, 8960, 151_936, 'own'),
    from: 'qwen2.5-math-1.5b',
  },
  {
    name: 'Qwen-7B',
    revision: '916b56a44061fd5cd7d6a8fb632557ed4f724f60',
    shape: QWEN25_SHAPES['7b'],
    from: 'qwen2.5-math-7b',
  },
  {
    name: 'Qwen-14B',
    revision: '1df8507178afcc1bef68cd8c393f61a886323761',
    shape: QWEN25_SHAPES['14b'],
    from: 'qwen2.5-14b',
  },
  {
    name: 'Qwen-32B',
    revision: '711ad2ea6aa40cfca18895e8aca02ab92df1a746',
    shape: QWEN25_SHAPES['32b'],
    from: 'qwen2.5-32b',
  },
]

const LLAMA: readonly Distilled[] = [
  {
    name: 'Llama-8B',
    revision: '6a6f4aa4197940add57724a7707d069478df56b1',
    shape: LLAMA_SHAPES['8b'],
    from: 'llama-3.1-8b',
  },
  { name: 'Llama-70B', revision: null, shape: LLAMA_SHAPES['70b'], from: 'llama-3.3-70b-instruct' },
]

/** DeepSeek-R1's distilled models (DeepSeek-AI 2025, arXiv:2501.12948): others' models fine-tuned on 800,000 of its answers. */
export const DEEPSEEK: readonly ModelEntry[] = [...QWEN, ...LLAMA].map((model) => {
  const qwen = QWEN.includes(model)
  const mathematical = model.from.includes('-math-')
  return decoder({
    name: `deepseek-r1-distill-${model.name.toLowerCase()}`,
    family: 'deepseek',
    hub: `deepseek-ai/DeepSeek-R1-Distill-${model.name}`,
    revision: model.revision,
    kind: 'llm',
    specialisation: 'reasoning',
    architecture: qwen ? 'qwen2' : 'llama',
    shape: model.shape,
    context: 131_072,
    eos: { text: END, id: qwen ? 151_643 : 128_001 },
    pad: { text: END, id: qwen ? 151_643 : 128_001 },
    bos: { text: BEGIN, id: qwen ? 151_646 : 128_000 },
    chat: true,
    descendsFrom: { name: model.from, how: "fine-tuning on DeepSeek-R1's answers" },
    licence: 'mit',
    recipe: { recipe: 'promptreps' },
    note: `${
      mathematical
        ? 'Comes from Qwen2.5-Math, not from Qwen2.5: compare it with its ancestor before blaming long reasoning. '
        : ''
    }The template begins every prompt with the beginning-of-sentence token and knows no system turn of its own.`,
    unverified: ['head', ...(qwen ? (mathematical ? [] : ['context' as const]) : (['context', 'tokens'] as const))],
  })
})
