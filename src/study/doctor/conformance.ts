import { runConformance } from '../../engines/conformance/index.ts'
import type { Encoder, EncoderInfo } from '../../engines/types.ts'
import type { Check } from './check.ts'

/** For what computes in 16 bits, as servers do, in batches of their own making. */
const SIXTEEN_BITS = 0.999
const PADDING =
  'Likely cause: padding that is pooled or seen (padding side, attention mask), or 16-bit arithmetic that differs with the batch.'

const EMPTY = 'an empty string is encoded'

/** Likely causes by the name of the check that every engine must pass. */
const HINTS: Readonly<Record<string, string>> = {
  'dimension is constant': 'Likely cause: two models behind one name, or an answer that was cut off.',
  'a batch of one equals a batch of many': PADDING,
  'order is kept': 'Likely cause: texts are sorted by length and the vectors are not put back.',
  'different texts get different vectors':
    'Likely cause: the pooled token has seen nothing of the text: the first one of a causal model, padding, or one that a sliding window keeps from it.',
  'the same call gives the same vectors': 'Likely cause: dropout that is left on, or replicas that are not alike.',
  'norms are as the recipe says': 'Likely cause: normalisation is on in one place and off in the other.',
  [EMPTY]:
    'An empty document stops a study: leave such texts out of the collection, or give the recipe a prompt or an end token, so that there is something to pool.',
  'a very long text is cut and says so': `${PADDING} Or the engine refuses long texts instead of cutting them.`,
  'unicode passes': PADDING,
}

/** An encoder's sanity: batches, order, repeatability, lengths, empty, long and odd texts. */
export async function checkConformance(encoder: Encoder, prefix: string, signal?: AbortSignal): Promise<Check[]> {
  const checks = await runConformance(encoder, {
    ...(signal ? { signal } : {}),
    ...(computesIn16Bits(encoder.info) ? { minCosine: SIXTEEN_BITS } : {}),
  })
  return checks.map(({ name, ok, detail }) => ({
    name: `${prefix}${name}`,
    // Vectors of all other texts are right without it.
    status: ok ? 'ok' : name === EMPTY ? 'warning' : 'failed',
    detail,
    ...(ok ? {} : { hint: HINTS[name] ?? 'Likely cause: a fault of the engine. Please report it.' }),
  }))
}

function computesIn16Bits({ engine, identity }: EncoderInfo): boolean {
  return engine === 'http' || (engine === 'torch' && (identity as { dtype?: unknown }).dtype !== 'float32')
}
