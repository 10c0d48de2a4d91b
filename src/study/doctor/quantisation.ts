import { compareEncoders } from '../../engines/conformance/index.ts'
import type { PreparedEncoder } from '../../engines/types.ts'
import type { Check } from './check.ts'
import { SELF_PAIRS } from './texts.ts'

/** How far the vectors of rounded weights are from those of float32 weights, on texts of several kinds. */
export async function checkQuantisation(
  float32: PreparedEncoder,
  rounded: PreparedEncoder,
  dtype: string,
  signal?: AbortSignal,
): Promise<Check> {
  const options = signal ? { signal } : {}
  const texts = SELF_PAIRS.map(({ document }) => document)
  const encoders = [await float32.open(options), await rounded.open(options)] as const
  try {
    const { mean, min } = await compareEncoders(...encoders, texts, options)
    const status = mean > 0.98 ? 'ok' : 'warning'
    return {
      name: `${dtype} against float32`,
      status,
      detail: `cosine ${mean.toFixed(4)} on average, ${min.toFixed(4)} at least, on ${texts.length} texts`,
      ...(status === 'warning' ? { hint: `Compare both in a study before you trust ${dtype} with this model.` } : {}),
    }
  } finally {
    for (const encoder of encoders) await encoder.close()
  }
}
