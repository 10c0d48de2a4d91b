import type { StudyInput } from '../study/schema.ts'

/** The part of a study that `--retriever` flags stand for: BM25, models, servers (`URL#MODEL`) and fusions of those before them. */
export async function retrieversOf(
  specs: readonly string[],
): Promise<Pick<StudyInput, 'baselines' | 'models' | 'fusion'>> {
  const { isBm25Shorthand, isFusionShorthand } = await import('../study/shorthand.ts')
  const baselines: string[] = []
  const models: NonNullable<StudyInput['models']> = []
  const fusion: string[] = []
  for (const spec of specs) {
    const server = /^(https?:\/\/[^#]+)#(.+)$/.exec(spec)
    if (isBm25Shorthand(spec)) baselines.push(spec)
    else if (server) models.push({ model: server[2]!, url: server[1]! })
    else if (isFusionShorthand(spec)) fusion.push(spec)
    else models.push(spec)
  }
  return {
    ...(baselines.length > 0 ? { baselines } : {}),
    ...(models.length > 0 ? { models } : {}),
    ...(fusion.length > 0 ? { fusion } : {}),
  }
}
