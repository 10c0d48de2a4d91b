import type { PromptTokenizer } from '../text/tokenizer/prompt-tokenizer.ts'
import { openDecoder } from './decoder-runner.ts'
import { familyOf } from './families/index.ts'
import { planGraph } from './graph-plan.ts'
import { requireExactInt8 } from './int8-check.ts'
import type { EncoderPlan } from './plan.ts'
import type * as ort from './runtime.ts'
import { Tensor } from './runtime.ts'
import { openGraph, openShipped } from './session.ts'
import { shippedRunner } from './shipped-runner.ts'

/** What a model gives for a batch of texts of one length. */
export interface Output {
  /**
   * `states`: texts × length × width. `pooled`: texts × width, the states that the graph has chosen itself. `vectors`: the same, finished
   * by a model that ships its own graph.
   */
  readonly kind: 'states' | 'pooled' | 'vectors'
  readonly data: Float32Array
  readonly width: number
  /** Scores of the vocabulary at each text's last token, texts × vocabulary; null where they were not asked for. */
  readonly logits: Float32Array | null
  readonly vocabulary: number
}

/** A model in memory. */
export interface ModelRunner {
  /** The most tokens that a text may have; null where the tokenizer's own limit is all there is. */
  readonly positions: number | null
  /** @param ids Texts of equal length, one after the other. */
  run(ids: BigInt64Array, texts: number, length: number): Promise<Output>
  close(): Promise<void>
}

export async function openRunner(plan: EncoderPlan, tokenizer: PromptTokenizer, threads: number): Promise<ModelRunner> {
  const { weights, device } = plan
  if (weights.kind === 'shipped') return shippedRunner(await openShipped(weights.model, { threads, device }))
  if (weights.dtype !== 'float32') await requireExactInt8()
  const session = await openGraph(planGraph(weights, plan.recipe)!, { threads, device, quantized: weights.quantized })
  if (weights.kind === 'decoder') return openDecoder(session, plan, tokenizer)
  const padding = familyOf(weights.config)!.positionOffset(weights.config)
  return {
    positions: null,
    async run(ids, texts, length) {
      const dims = [texts, length]
      const feeds: Record<string, ort.Tensor> = { input_ids: new Tensor('int64', ids, dims) }
      if (padding !== null)
        feeds.position_ids = new Tensor('int64', positionsAfter(BigInt(padding), ids, texts, length), dims)
      const { last_hidden_state: states } = await session.run(feeds)
      return {
        kind: 'states',
        data: states!.data as Float32Array,
        width: states!.dims[2]!,
        logits: null,
        vocabulary: 0,
      }
    },
    close: () => session.release(),
  }
}

/** fairseq's positions: real tokens count on from padding + 1; a padding token inside a text stays at the padding's own position. */
export function positionsAfter(padding: bigint, ids: BigInt64Array, texts: number, length: number): BigInt64Array {
  const positions = new BigInt64Array(ids.length)
  for (let text = 0; text < texts; text++) {
    let position = padding
    for (let at = text * length; at < (text + 1) * length; at++) {
      if (ids[at] === padding) positions[at] = padding
      else positions[at] = ++position
    }
  }
  return positions
}
