import { join } from 'node:path'
import type { Json } from '../../core/fingerprint.ts'
import {
  documentsOf,
  type FittedPostprocess,
  fitPostprocess,
  loadPostprocess,
  needsModalities,
  postprocessStore,
  savePostprocess,
} from '../../index/postprocess/index.ts'
import type { Side } from '../../recipes/types.ts'
import { obtain } from '../artifact.ts'
import type { DenseArtifacts } from '../plan-dense.ts'
import type { DenseSpec } from '../study.ts'
import { modalitiesOf } from './modalities.ts'
import {
  documentVectors,
  type Encoding,
  queryVectors,
  type StoredVectors,
  sampleVectors,
  soundVectors,
} from './vectors.ts'

const FILE = 'postprocess.safetensors'

interface Processed {
  readonly documents: StoredVectors
  readonly queries: StoredVectors
  readonly notes: readonly string[]
}

/** What is remembered of a fit. */
interface FitDetail {
  readonly notes: readonly string[]
}

/** A retriever's vectors after its post-processing: taken from the workspace, or fitted on the documents and made. */
export async function processedVectors(
  encoding: Encoding,
  spec: DenseSpec,
  artifacts: DenseArtifacts,
  raw: { readonly documents: StoredVectors; readonly queries: StoredVectors },
): Promise<Processed> {
  const { workspace, work, encoder } = encoding
  const post = artifacts.postprocess!
  let fitted: FittedPostprocess | undefined
  const fitOrLoad = async (): Promise<{ fitted: FittedPostprocess; notes: readonly string[] }> => {
    const make = async (folder: string): Promise<FitDetail> => {
      const sample = post.sample && (await sampleVectors(encoding, post.sample.identity, post.sample.texts))
      fitted = await fitPostprocess(spec.postprocess, {
        documents: documentsOf(raw.documents.store),
        dimension: raw.documents.detail.dimension,
        queries: sample ? await sample.store.readAll() : null,
        modalities: needsModalities(spec.postprocess) ? await modalitiesOf(encoding, 'document') : null,
        normalize: encoder.info.recipe.normalize,
        work,
      })
      await savePostprocess(fitted, join(folder, FILE))
      const from = post.sample
        ? [`The queries' mean is that of ${post.sample.texts.size} ${SAMPLE_WORDS[post.sample.texts.kind]}.`]
        : []
      return { notes: [...from, ...fitted.notes] }
    }
    const { folder, detail } = await obtain<FitDetail>(workspace, 'postprocess', post.fitted, make, {
      files: [FILE],
      work,
    })
    fitted ??= await loadPostprocess(join(folder, FILE))
    return { fitted, notes: detail.notes }
  }
  const { notes } = await fitOrLoad()
  const side = (identity: Json, which: Side, source: StoredVectors) =>
    soundVectors(workspace, identity, work, async (target) => {
      const started = performance.now()
      const kinds = needsModalities(spec.postprocess) ? await modalitiesOf(encoding, which) : null
      const { store } = await postprocessStore(source.store, fitted!, which, { folder: target, identity }, work, kinds)
      const { rows, bytes } = store.totals()
      const seconds = source.detail.seconds + (performance.now() - started) / 1000
      return { ...source.detail, rows, dimension: store.meta.dimension, bytes, seconds }
    })
  return {
    documents: await side(post.documents, 'document', raw.documents),
    queries: await side(post.queries, 'query', raw.queries),
    notes,
  }
}

const SAMPLE_WORDS = {
  train: 'training queries, none of which is under test',
  sentences: 'sentences of documents under the query prompt',
} as const

/** Both sides as the encoder gives them. */
export async function rawVectors(
  encoding: Encoding,
  artifacts: DenseArtifacts,
  dtype: Parameters<typeof documentVectors>[2],
): Promise<{ documents: StoredVectors; queries: StoredVectors }> {
  return {
    documents: await documentVectors(encoding, artifacts.documents, dtype),
    queries: await queryVectors(encoding, artifacts.queries),
  }
}
