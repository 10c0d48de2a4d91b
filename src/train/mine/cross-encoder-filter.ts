import { basename } from 'node:path'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { resolveModel } from '../../data/index.ts'
import { CrossEncoder } from '../../engines/onnx/index.ts'
import { documentText } from '../../study/identity.ts'
import { localPath } from '../../study/resolve-context.ts'
import { belowPositive, referenceScore } from './candidates.ts'
import type { NegativeFilter } from './filter.ts'
import type { Against } from './rules.ts'

export interface CrossEncoderRules {
  /** How far below the positive's probability a negative's must be, as a share of it. */
  readonly margin: number
  readonly against: Against
}

/**
 * A cross-encoder's opinion: it reads query and passage together. What it finds too near to the query's positive is no negative. Scores are
 * its logits, which is also what distillation learns from; they are compared as probabilities (sigmoid), as sentence-transformers does.
 *
 * @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID` for a model that is no cross-encoder.
 */
export async function openCrossEncoderFilter(
  model: string,
  { margin, against }: CrossEncoderRules,
  workspace: Workspace,
  work: LongWork & { readonly offline?: boolean },
): Promise<NegativeFilter> {
  const place = localPath(model, process.cwd()) ?? model
  const { folder } = await resolveModel(place, { cacheDir: workspace.cache, ...work })
  const encoder = await CrossEncoder.open(folder, {
    hashCache: workspace.path('cache', 'model-hashes.json'),
    ...(work.signal ? { signal: work.signal } : {}),
  })
  return {
    identity: { filter: 'cross-encoder', model: encoder.identity, margin, against },
    summary: `cross-encoder ${basename(model)}, ${Math.round((1 - margin) * 100)} % of the ${against} positive`,
    scoresPositives: true,
    score: async (query, documents, signal) => [
      ...(await encoder.score(query.text, documents.map(documentText), signal)),
    ],
    verdict(score, positives) {
      if (score === null) return 'unclear'
      if (positives.length === 0) return 'keep'
      const limit = belowPositive(sigmoid(referenceScore(positives, against)), {
        relativeMargin: margin,
        absoluteMargin: null,
      })
      return sigmoid(score) > limit ? 'filter' : 'keep'
    },
    close: () => encoder.close(),
  }
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}
