import type { PromptTokenizer } from '../text/tokenizer/prompt-tokenizer.ts'
import { decoderFacts } from './families/decoders/index.ts'
import { decoderOptions } from './graph-plan.ts'
import { decodeGreedily } from './greedy.ts'
import type { ModelRunner } from './model-runner.ts'
import type { EncoderPlan } from './plan.ts'
import type * as ort from './runtime.ts'
import { Tensor } from './runtime.ts'

/** Runs a decoder's graph: one pass, or greedy decoding where the recipe pools decoded tokens. */
export function openDecoder(
  session: ort.InferenceSession,
  { weights, recipe }: EncoderPlan,
  tokenizer: PromptTokenizer,
): ModelRunner {
  if (weights.kind !== 'decoder') throw new Error('not a decoder')
  const options = decoderOptions(weights, recipe)
  const kind = options.positions === 'last' ? 'pooled' : 'states'
  const close = () => session.release()
  const { generate } = recipe
  if (generate !== null) {
    const facts = decoderFacts(weights.config, weights.checkpoint)
    // Decoded tokens need positions, too.
    const positions = weights.positions - generate.maxTokens
    const stops = (id: number) => tokenizer.decode([id]).includes(generate.stop)
    return {
      positions,
      run: (ids, texts, length) => decodeGreedily(session, facts, { ids, texts, length }, generate.maxTokens, stops),
      close,
    }
  }
  return {
    positions: weights.positions,
    async run(ids, texts, length) {
      const { states, logits } = await session.run({ input_ids: new Tensor('int64', ids, [texts, length]) })
      return {
        kind,
        data: states!.data as Float32Array,
        width: states!.dims.at(-1)!,
        logits: logits === undefined ? null : (logits.data as Float32Array),
        vocabulary: logits?.dims[1] ?? 0,
      }
    },
    close,
  }
}
