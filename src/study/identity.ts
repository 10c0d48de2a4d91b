import { fingerprint, type Json } from '../core/fingerprint.ts'
import type { CollectionSummary } from '../data/types.ts'
import type { EncoderInfo } from '../engines/types.ts'
import type { PostprocessStep } from '../index/postprocess/index.ts'
import type { Recipe, Side } from '../recipes/types.ts'
import type { VectorDtype } from './study.ts'

/** Rises when runs or measures made by the same inputs would come out differently. */
const RUN_VERSION = 1
const MEASURE_VERSION = 1
const POSTPROCESS_VERSION = 1
const SPACE_VERSION = 2
const ABLATION_VERSION = 1

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

/** Everything about a collection that numbers depend on. */
export function collectionFingerprint(summary: CollectionSummary, removeSelf: boolean): Json {
  return { corpus: summary.corpusHash, queries: summary.queriesHash, qrels: summary.qrelsHash, removeSelf }
}

export function bm25Identity(summary: CollectionSummary, index: Json): Json {
  return { artifact: 'bm25', corpus: summary.corpusHash, index }
}

/**
 * @param task The collection's task instruction; it counts only where the side's prompts hold one.
 * @param images What pictures add, see `imagePart`.
 */
export function vectorsIdentity(
  summary: CollectionSummary,
  encoder: EncoderInfo,
  side: Side,
  dtype: VectorDtype,
  task: string,
  images: { readonly images?: Json; readonly leftOut?: number } = {},
): Json {
  const common = { artifact: 'vectors', side, encoder: encoder.identity, ...images, ...taskPart(encoder, side, task) }
  return side === 'document'
    ? { ...common, corpus: summary.corpusHash, titleRule: TITLE_RULE, dtype }
    : { ...common, queries: summary.queriesHash, dtype: 'float32' }
}

/**
 * Vectors of texts that stand for queries when the queries' mean is fitted.
 *
 * @param texts Hash of the texts, or of what they are chosen from.
 */
export function sampleIdentity(encoder: EncoderInfo, task: string, texts: Json): Json {
  return {
    artifact: 'vectors',
    side: 'query',
    sample: texts,
    encoder: encoder.identity,
    ...taskPart(encoder, 'query', task),
  }
}

export function usesTask(recipe: Recipe, side: Side): boolean {
  return recipe.prompts[side].some((prompt) => prompt.parts.some((part) => part.kind === 'task'))
}

function taskPart(encoder: EncoderInfo, side: Side, task: string): { task?: string } {
  return usesTask(encoder.recipe, side) ? { task } : {}
}

/** What is fitted on a collection's vectors. */
export function postprocessIdentity(documents: Json, sample: Json | null, steps: readonly PostprocessStep[]): Json {
  return {
    artifact: 'postprocess',
    version: POSTPROCESS_VERSION,
    steps: steps.map((step) => ({ ...step })),
    documents: fingerprint(documents),
    sample: sample === null ? null : fingerprint(sample),
  }
}

/** Vectors after post-processing. */
export function processedIdentity(vectors: Json, postprocess: Json): Json {
  return { artifact: 'vectors', of: fingerprint(vectors), postprocess: fingerprint(postprocess) }
}

/** Two sets of vectors of the same documents, compared. */
export function comparisonIdentity(one: Json, other: Json): Json {
  return { artifact: 'space', version: SPACE_VERSION, compared: [fingerprint(one), fingerprint(other)] }
}

export function spaceIdentity(documents: Json, queries: Json, run: Json, summary: CollectionSummary): Json {
  return {
    artifact: 'space',
    version: SPACE_VERSION,
    documents: fingerprint(documents),
    queries: fingerprint(queries),
    run: fingerprint(run),
    qrels: summary.qrelsHash,
  }
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

/** @param measures Identity of the fusion's measures: they say which run, which judgments and which measures. */
export function ablationIdentity(measures: Json): Json {
  return { artifact: 'ablation', version: ABLATION_VERSION, of: fingerprint(measures) }
}
