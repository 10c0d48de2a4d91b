import { stringify } from 'yaml'
import { NANO_SIBLINGS } from '../../data/models/nano.ts'
import type { StudyInput } from '../schema.ts'

/** Collections are no larger: nine encoders read them while a newcomer waits. */
const DOCUMENTS = 1_000
const QUERIES = 200
/** Tokens that are read of each text. */
const LENGTH = 96

/** How much of the documentation is taken. */
export const QUICKSTART_DOCS = { maxDocuments: DOCUMENTS, maxQueries: QUERIES } as const

/** A collection of the first study: its folder, relative to the study file, and how many documents it has. */
export interface QuickstartCollection {
  readonly folder: string
  readonly documents: number
}

/**
 * The study of a first look: BM25 and its analyzer for code, the eight siblings that come with fieldtrial as zero-shot retrievers, the retriever
 * made of one of them, and its fusions with BM25.
 */
export function quickstartStudy(collections: readonly QuickstartCollection[]): StudyInput {
  return {
    name: 'quickstart',
    description:
      'Does what a language model was trained on make it a better retriever? Eight small siblings on the documentation and the code of this machine, beside BM25 and a retriever made of one of them.',
    collections: collections.map(({ folder, documents }) =>
      documents > DOCUMENTS
        ? {
            source: folder,
            name: folder.replace(/^.*\//, ''),
            sample: { documents: DOCUMENTS, queries: QUERIES, hard: 10, bias: 'none' as const },
          }
        : folder,
    ),
    baselines: ['bm25', 'bm25:analyzer=code'],
    models: [
      ...NANO_SIBLINGS.map((model) => ({
        id: model,
        model,
        recipes: [{ recipe: 'mean' as const, layer: 2, maxLength: LENGTH, postprocess: [{ whiten: 0.5 }] }],
      })),
      {
        id: 'nano-retriever',
        model: 'nano-retriever',
        recipes: [{ recipe: 'sentence-transformers' as const, maxLength: LENGTH }],
      },
    ],
    fusion: [
      { id: 'rrf', method: 'rrf', of: ['bm25-code', 'nano-retriever'] },
      {
        id: 'weighted-sum',
        method: 'wsum',
        of: ['bm25-code', 'nano-retriever'],
        normalisation: 'min-max',
      },
    ],
    measures: ['nDCG@10', 'R@10', 'MRR@10', 'Success@1'],
    depth: 100,
    comparison: { baseline: 'bm25' },
    output: { dir: '.' },
  }
}

/** The same as a file that a person can go on from. */
export function quickstartYaml(input: StudyInput): string {
  return `# Made by \`fieldtrial quickstart\`. Change it and run it again with \`fieldtrial run\`; docs/study-file.md tells every field.\n${stringify(input, { aliasDuplicateObjects: false })}`
}
