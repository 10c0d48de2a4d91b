import { runConformance } from '../../engines/conformance/suite.ts'
import type { PreparedEncoder } from '../../engines/types.ts'
import type { Check } from './check.ts'

/** An encoder's sanity: batch and padding invariance, order, norms, NaN, repeatability, long and empty texts. */
export async function checkEncoder(prepared: PreparedEncoder, signal?: AbortSignal): Promise<Check[]> {
  const { info } = prepared
  const checks: Check[] = [
    {
      name: 'model',
      status: 'ok',
      detail: `${info.model}: ${info.dimension ?? '?'} dimensions, ${info.recipe.pooling.join(' + ')} pooling, ${info.recipe.maxLength} tokens, ${info.recipe.normalize ? 'normalised' : 'not normalised'}`,
    },
    ...info.warnings.map((warning): Check => ({ name: 'model', status: 'warning', detail: warning })),
  ]
  const encoder = await prepared.open(signal ? { signal } : {})
  try {
    for (const { name, ok, detail } of await runConformance(encoder, signal ? { signal } : {}))
      checks.push({ name, status: ok ? 'ok' : 'failed', detail })
  } finally {
    await encoder.close()
  }
  return checks
}
