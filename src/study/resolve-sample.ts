import { resolve } from 'node:path'
import { FieldtrialError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import type { ResolveContext } from './resolve-context.ts'
import { resolveSize } from './sample/options.ts'
import type { StudyInput } from './schema.ts'
import type { SampleInput } from './schema-collections.ts'
import type { DenseSpec, RetrieverSpec, StudySample } from './study.ts'

/**
 * The `sample:` of a collection, with the models that it names and its files found.
 *
 * @param retrievers Of the study; those with a model may give hard distractors.
 */
export function resolveSample(
  { models = [], runs = [], ...size }: SampleInput,
  retrievers: readonly RetrieverSpec[],
  { folder }: ResolveContext,
): StudySample {
  return {
    // Zod writes absent members as possibly undefined; JSON and YAML have no undefined, so none is there.
    ...(size as StudySample),
    models: models.flatMap((id) => denseOf(id, retrievers) ?? []),
    runs: runs.map((file) => resolve(folder, file)),
  }
}

/** Tells sizes that make no sense, and names of models that the study does not have. */
export function checkSamples(
  input: StudyInput,
  retrievers: readonly RetrieverSpec[],
  { problem }: ResolveContext,
): void {
  for (const [at, given] of input.collections.entries()) {
    if (typeof given === 'string' || given.sample === undefined) continue
    const path = ['collections', at, 'sample'] as const
    const { models = [], runs: _, ...size } = given.sample
    try {
      resolveSize(size as StudySample)
    } catch (error) {
      if (!(error instanceof FieldtrialError)) throw error
      problem(path, error.message, error.hint ?? '')
    }
    for (const [i, id] of models.entries())
      if (denseOf(id, retrievers) === undefined)
        problem(
          [...path, 'models', i],
          `No model of the study is called ${JSON.stringify(id)}.`,
          didYouMean(
            id,
            retrievers.filter(({ kind }) => kind === 'dense').map((spec) => spec.id),
          ),
        )
  }
}

function denseOf(id: string, retrievers: readonly RetrieverSpec[]): DenseSpec | undefined {
  return retrievers.find((spec): spec is DenseSpec => spec.kind === 'dense' && spec.id === id)
}
