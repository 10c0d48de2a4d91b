import { stringify } from 'yaml'
import type { StudyInput } from '../schema.ts'

/** The study of a first look: BM25 with its analyzers, a small encoder if one is there, and their fusions. */
export function quickstartStudy(collection: string, encoder: string | null): StudyInput {
  return {
    name: 'quickstart',
    description:
      'Known-item search in the documentation on this machine: which retriever finds the section that belongs to a heading?',
    collections: [collection],
    baselines: ['bm25', 'bm25:analyzer=unicode', 'bm25:analyzer=code', 'bm25:analyzer=whitespace'],
    ...(encoder === null
      ? {}
      : {
          models: [{ id: 'minilm', model: encoder }],
          fusion: [
            { id: 'rrf', method: 'rrf', of: ['bm25', 'minilm'] },
            { id: 'weighted-sum', method: 'wsum', of: ['bm25', 'minilm'], normalisation: 'min-max' },
          ],
        }),
    measures: ['nDCG@10', 'R@10', 'MRR@10', 'Success@1'],
    depth: 100,
    comparison: { baseline: 'bm25' },
    output: { dir: '.' },
  }
}

/** The same as a file that a person can go on from. */
export function quickstartYaml(input: StudyInput): string {
  return `# Made by \`fieldtrial quickstart\`. Change it and run it again with \`fieldtrial run\`; docs/study-file.md tells every field.\n${stringify(input)}`
}
