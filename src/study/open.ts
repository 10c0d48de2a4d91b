import type { LongWork } from '../core/progress.ts'
import type { Workspace } from '../core/workspace.ts'
import type { FileCollection } from '../data/index.ts'
import { openCollection } from '../data/index.ts'
import { type Domain, unifiedCollection } from '../data/unified/index.ts'
import { obtainSample } from './sample/obtain.ts'
import type { StudyCollection } from './study.ts'

/** A collection of a study, opened. */
export interface OpenedCollection {
  readonly collection: FileCollection
  /** As it is opened: for one that is drawn, the sample. */
  readonly spec: StudyCollection
  /** Fingerprints of the samples that were drawn for it. */
  readonly samples: readonly string[]
}

export interface OpenOptions extends LongWork {
  readonly limit?: number
  readonly offline?: boolean
}

/** Opens a collection as a study names it: whole, as a sample, or unified out of several that are each opened so. */
export async function openStudyCollection(
  given: StudyCollection,
  workspace: Workspace,
  options: OpenOptions,
): Promise<OpenedCollection> {
  if (given.unified !== undefined) return openUnified(given, given.unified, workspace, options)
  const drawn = given.sample && (await obtainSample({ ...given, sample: given.sample }, workspace, options))
  const spec = drawn?.spec ?? given
  const collection = await openCollection(spec, {
    cacheDir: workspace.cache,
    ...(options.limit ? { limit: options.limit } : {}),
    ...(options.offline ? { offline: true } : {}),
    ...(options.onNotice ? { onNotice: options.onNotice } : {}),
  })
  return { collection, spec, samples: drawn ? [drawn.fingerprint] : [] }
}

async function openUnified(
  given: StudyCollection,
  members: readonly StudyCollection[],
  workspace: Workspace,
  options: OpenOptions,
): Promise<OpenedCollection> {
  const domains: Domain[] = []
  const specs: StudyCollection[] = []
  const samples: string[] = []
  for (const member of members) {
    const asked = given.split === undefined ? member : { ...member, split: given.split }
    const opened = await openStudyCollection(asked, workspace, options)
    domains.push({ name: member.name, collection: opened.collection })
    specs.push(opened.spec)
    samples.push(...opened.samples)
  }
  const collection = unifiedCollection(given.name, given.given, domains)
  return { collection, spec: { ...given, unified: specs }, samples }
}
