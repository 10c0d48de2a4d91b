import type { Json } from '../core/fingerprint.ts'
import type { CollectionSummary } from '../data/types.ts'
import type { EncoderInfo } from '../engines/types.ts'
import type { Side } from '../recipes/types.ts'
import type { VectorDtype } from './study.ts'

/** Rises when runs or measures made by the same inputs would come out differently. */
const RUN_VERSION = 1
const MEASURE_VERSION = 1

/** How a document's title and text become one text for encoders; the rule of BEIR and MTEB. */
export const TITLE_RULE = 'title + " " + text'

/** Applies {@link TITLE_RULE}; a document without title is its text. */
export function documentText(document: { readonly title: string; readonly text: string }): string {
  return document.title === ''
    ? document.text
    : document.text === ''
      ? document.title
      : `${document.title} ${document.text}`
}

export function bm25Identity(summary: CollectionSummary, index: Json): Json {
  return { artifact: 'bm25', corpus: summary.corpusHash, index }
}

export function vectorsIdentity(
  summary: CollectionSummary,
  encoder: EncoderInfo,
  side: Side,
  dtype: VectorDtype,
): Json {
  return side === 'document'
    ? { artifact: 'vectors', side, corpus: summary.corpusHash, encoder: encoder.identity, titleRule: TITLE_RULE, dtype }
    : { artifact: 'vectors', side, queries: summary.queriesHash, encoder: encoder.identity, dtype: 'float32' }
}

/** @param made Identities of what the run is made from: an index, two sets of vectors, or other runs. */
export function runIdentity(
  made: Json,
  summary: CollectionSummary,
  options: { readonly depth: number; readonly removeSelf: boolean },
): Json {
  return {
    artifact: 'run',
    version: RUN_VERSION,
    made,
    queries: summary.queriesHash,
    depth: options.depth,
    removeSelf: options.removeSelf,
  }
}

export function measuresIdentity(run: Json, summary: CollectionSummary, measures: readonly string[]): Json {
  return { artifact: 'measures', version: MEASURE_VERSION, run, qrels: summary.qrelsHash, measures }
}
