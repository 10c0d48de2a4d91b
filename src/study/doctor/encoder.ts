import { compareEncoders, runConformance } from '../../engines/conformance/index.ts'
import type { PreparedEncoder } from '../../engines/types.ts'
import type { Check } from './check.ts'

/** An encoder's sanity: batch and padding invariance, order, norms, NaN, repeatability, long and empty texts. */
export async function checkEncoder(prepared: PreparedEncoder, signal?: AbortSignal): Promise<Check[]> {
  const { info } = prepared
  const checks: Check[] = [
    {
      name: 'model',
      status: 'ok',
      detail: `${info.model}: ${info.dimension ?? '?'} dimensions, ${info.recipe.pooling.join(' + ')} pooling, ${info.recipe.maxLength.document} tokens, ${info.recipe.normalize ? 'normalised' : 'not normalised'}`,
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

/** How far the vectors of int8 weights are from those of float32 weights, on sentences of several kinds. */
export async function checkQuantisation(
  float32: PreparedEncoder,
  int8: PreparedEncoder,
  signal?: AbortSignal,
): Promise<Check[]> {
  const options = signal ? { signal } : {}
  const encoders = [await float32.open(options), await int8.open(options)] as const
  try {
    const { mean, min } = await compareEncoders(...encoders, SAMPLE, options)
    const status = mean > 0.98 ? 'ok' : 'warning'
    return [
      {
        name: 'int8 against float32',
        status,
        detail: `cosine ${mean.toFixed(4)} on average, ${min.toFixed(4)} at least, on ${SAMPLE.length} texts`,
        ...(status === 'warning' ? { hint: 'Compare both in a study before you trust int8 with this model.' } : {}),
      },
    ]
  } finally {
    for (const encoder of encoders) await encoder.close()
  }
}

const SAMPLE = [
  'Which language model makes the best retriever?',
  'The mitochondrion is the powerhouse of the cell.',
  'def add(a, b):\n    """Return the sum."""\n    return a + b',
  'Zero-dimensional biomaterials show inductive properties.',
  'SELECT name FROM users WHERE age > 30 ORDER BY name;',
  'A dog runs across the beach with a ball in its mouth.',
  'The court held that the statute did not apply retroactively to contracts signed before its entry into force.',
  'const sum = (xs: number[]) => xs.reduce((a, b) => a + b, 0)',
  'Aspirin inhibits the production of prostaglandins.',
  'Wie wird das Wetter morgen in Hamburg?',
  '東京の人口は何人ですか',
  'Yes.',
] as const
