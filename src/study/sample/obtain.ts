import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { openCollection, summariseCached } from '../../data/index.ts'
import { nameOfPath } from '../../data/open-folder.ts'
import { SAMPLE_CARD } from '../../data/sample-card.ts'
import { bm25Identity } from '../../index/bm25/index.ts'
import { obtain } from '../artifact.ts'
import { collectionFingerprint } from '../identity.ts'
import { prepareEncoder } from '../prepare.ts'
import type { StudyCollection, StudySample } from '../study.ts'
import { hashRun } from './gather-hard.ts'
import { makeSample } from './make.ts'
import { resolveSize } from './options.ts'
import { DONORS } from './panel.ts'

/** Raised when the same options over the same collection draw another sample, or tell its bias in another way. */
const SAMPLING_VERSION = 1

/**
 * The sample that a study file asks for: taken from the workspace, or drawn.
 *
 * @returns The collection to open in place of the whole one, and the artifact's fingerprint; null for a collection that is no larger than
 * the sample is to be, which is used as it is: a study over a group names one size for all.
 * @throws FieldtrialError as `makeSample`.
 */
export async function obtainSample(
  spec: StudyCollection & Required<Pick<StudyCollection, 'sample'>>,
  workspace: Workspace,
  options: LongWork & { readonly offline?: boolean },
): Promise<{ readonly spec: StudyCollection; readonly fingerprint: string } | null> {
  const { sample, ...whole } = spec
  const opened = await openCollection(whole, { cacheDir: workspace.cache, ...options })
  const summary = await summariseCached(opened, workspace.cache, options)
  const size = resolveSize(sample)
  if (size.documents !== null && size.documents >= summary.documents) {
    options.onNotice?.({
      level: 'info',
      code: 'sample.whole',
      message: `${spec.given} has ${summary.documents} documents, no more than its sample is to hold: it is used whole.`,
    })
    return null
  }
  const identity: Json = {
    artifact: 'sample',
    version: SAMPLING_VERSION,
    of: collectionFingerprint(summary, opened.removeSelf),
    split: opened.split,
    size: { ...size },
    bias: sample.bias ?? 'auto',
    bm25: DONORS.map((donor) => bm25Identity(donor.options)),
    ...(await donorIdentity(sample, workspace, options)),
  }
  const { folder } = await obtain(
    workspace,
    'samples',
    identity,
    async (target) => {
      // The card names what was drawn from, not what the study calls the sample.
      await makeSample({ ...whole, name: nameOfPath(whole.given) }, sample, target, workspace, options)
      return {}
    },
    { files: ['corpus.jsonl', 'queries.jsonl', `qrels/${opened.split}.tsv`, SAMPLE_CARD], work: options },
  )
  // Titles are in the sample, or not, as they were read; what they are called in a report is the same either way.
  const { titles } = opened.reading as { readonly titles?: 'keep' | 'omit' }
  const { name, given, task, published } = spec
  return {
    spec: {
      source: folder,
      name,
      given,
      split: opened.split,
      removeSelf: opened.removeSelf,
      ...(titles === undefined ? {} : { titles }),
      ...(task === undefined ? {} : { task }),
      ...(published === undefined ? {} : { published }),
    },
    fingerprint: fingerprint(identity),
  }
}

/** What the models and runs that give hard distractors are, whatever they are called. */
async function donorIdentity(
  { models, runs }: StudySample,
  workspace: Workspace,
  { offline, ...work }: LongWork & { readonly offline?: boolean },
): Promise<{ models: Json; runs: Json }> {
  const encoders: Json[] = []
  for (const spec of models) {
    const { info } = await prepareEncoder(spec, workspace, { ...(offline ? { offline } : {}), work })
    const { id, output, alpha, postprocess, queryMean } = spec
    encoders.push({ id, encoder: info.identity, output, alpha, postprocess: postprocess as unknown as Json, queryMean })
  }
  return { models: encoders, runs: await Promise.all(runs.map((file) => hashRun(file))) }
}
