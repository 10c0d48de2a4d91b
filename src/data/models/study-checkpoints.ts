import { entry } from './build.ts'
import { DEEPSEEK } from './deepseek.ts'
import { QWEN25 } from './qwen2.5.ts'
import { QWEN25_CODER } from './qwen2.5-coder.ts'
import { QWEN25_MATH } from './qwen2.5-math.ts'
import { QWEN25_VL } from './qwen2.5-vl.ts'
import type { ModelEntry } from './types.ts'

/** The eight models of the study, in the order of its question: base and instruct, code, mathematics, long reasoning, vision. */
export const SPECIALIZED_LLMS: readonly string[] = [
  'qwen2.5-7b',
  'qwen2.5-7b-instruct',
  'qwen2.5-coder-7b',
  'qwen2.5-coder-7b-instruct',
  'qwen2.5-math-7b',
  'qwen2.5-math-7b-instruct',
  'deepseek-r1-distill-qwen-7b',
  'qwen2.5-vl-7b-instruct',
]

/** LoRA's rank and the seven projections of each layer that it changes, as in the authors' training scripts. */
const RANK = 32

/**
 * The retrievers that the authors of "A Comparative Study of Specialized LLMs as Dense Retrievers" (Zhang, Bi, Guo 2025, arXiv:2507.03958) made
 * of the eight and published in one repository. Which folder holds which was not seen.
 */
export const STUDY_CHECKPOINTS: readonly ModelEntry[] = SPECIALIZED_LLMS.map((name) => {
  const model = [...QWEN25, ...QWEN25_CODER, ...QWEN25_MATH, ...DEEPSEEK, ...QWEN25_VL].find((m) => m.name === name)!
  return entry({
    name: `${name}-msmarco-lora`,
    family: 'study-checkpoints',
    hub: 'hengranZhang/Specialized_LLMs_as_Dense_Retrievers',
    kind: 'adapter',
    specialisation: 'retrieval',
    architecture: model.architecture,
    parameters: loraParameters(model),
    shape: { ...model.shape, head: 'none' },
    context: model.context,
    eos: model.eos,
    pad: model.pad,
    bos: model.bos,
    chat: model.chat,
    systemTurn: model.systemTurn,
    descendsFrom: { name, how: `LoRA of rank ${RANK} on MS MARCO passages, one epoch` },
    licence: 'not stated',
    recipe: {
      recipe: 'last-token',
      // The authors' scripts lose the space after the colon, in training and in encoding alike.
      prompts: { query: 'Query:{text}', document: 'Passage:{text}' },
    },
    note: 'LoRA weights for an engine to come. The end-of-sequence token is put last and pooled; queries were cut at 32 tokens, passages at 156. The folder within the repository was not seen.',
    unverified: ['hub', 'parameters', 'licence', 'tokens'],
  })
})

/** Two thin matrices beside each of the q, k, v, o, gate, up and down projections. */
function loraParameters({ shape }: ModelEntry): number {
  const { layers, hidden, heads, kvHeads, headSize, intermediate } = shape
  const queries = heads * headSize
  const keys = kvHeads * headSize
  const edges = 2 * (hidden + queries) + 2 * (hidden + keys) + 3 * (hidden + intermediate)
  return layers * RANK * edges
}
