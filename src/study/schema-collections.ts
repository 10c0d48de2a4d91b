import { z } from 'zod'
import { BIAS_MODES } from './sample/options.ts'
import { id } from './schema-recipes.ts'

export const columns = z
  .strictObject({
    id: z.string().optional().describe('Column of the id.'),
    title: z.string().optional().describe('Column of the title.'),
    text: z.string().optional().describe('Column of the text.'),
    queryId: z.string().optional().describe('Column of the query id. Default: as `id`.'),
    queryText: z.string().optional().describe('Column of the query text. Default: as `text`.'),
    judgmentQuery: z.string().optional().describe('Column of the query id in the judgments. Default: `query-id`.'),
    judgmentDocument: z
      .string()
      .optional()
      .describe('Column of the document id in the judgments. Default: `corpus-id`.'),
    grade: z.string().optional().describe('Column of the grade. Default: `score`.'),
  })
  .describe('Names of the columns in CSV, TSV and JSONL files. Default: `id` or `_id`, `title`, `text`.')

export const sampleObject = z
  .strictObject({
    documents: z.int().positive().optional().describe('Documents in all. Either this or `share`.'),
    share: z.number().gt(0).lt(1).optional().describe('The same as a share of the whole.'),
    queries: z.int().positive().optional().describe('Queries kept. Default: all.'),
    hard: z
      .int()
      .nonnegative()
      .optional()
      .describe(
        'Hard distractors: so many first documents of BM25 (with three analyzers) for every query, as far as there is room; 0 for none. Default: 100.',
      ),
    models: z
      .array(z.string().min(1))
      .optional()
      .describe(
        'Ids of models of the study whose first documents are hard distractors too; each encodes the whole collection for it. Without any, encoders come out too well beside BM25.',
      ),
    runs: z
      .array(z.string().min(1))
      .optional()
      .describe('TREC runs over the whole collection, relative to the study file, that give hard distractors too.'),
    seed: z.int().nonnegative().optional().describe('Of the choice of queries and random documents. Default: 1.'),
    bias: z
      .enum(BIAS_MODES)
      .optional()
      .describe(
        'How the bias is found: BM25 over the `whole`, an `estimate` from samples of two and four times the size, or `none`. Default: `auto`, the whole up to a million documents.',
      ),
  })
  .describe(
    'Run on a smaller collection drawn from this one: all documents judged for the kept queries, hard distractors, and random ones. Its scores are too high; the report says by how much. See docs/sampling.md.',
  )

export const memberObject = z.strictObject({
  source: z
    .string()
    .min(1)
    .describe(
      'A folder or .zip in BEIR layout, a folder of tables or TREC files (with `files`), `hf:owner/name` on the Hugging Face hub, a name that `fieldtrial datasets` lists, or several of them at once: a group (`beir-13`) or a pattern (`coir/*`).',
    ),
  name: id.optional(),
  split: z
    .string()
    .min(1)
    .optional()
    .describe('Which judgments to use. Default: `test`, or the only split that there is.'),
  format: z.enum(['beir', 'coir', 'trec', 'table']).optional().describe('Layout of the files. Default: found out.'),
  files: z
    .strictObject({
      documents: z.string().describe('File of the documents, relative to `source`.'),
      queries: z.string().describe('File of the queries or TREC topics, relative to `source`.'),
      qrels: z.string().describe('File of the judgments, relative to `source`.'),
    })
    .optional()
    .describe('Where the three parts lie, for `format: table` and `format: trec`.'),
  columns: columns.optional(),
  task: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Task instruction for recipes that take one (`instruct`, `llm2vec`). Default: the published one for known collections, else a generic one.',
    ),
  removeSelf: z
    .boolean()
    .optional()
    .describe(
      "Drop the document whose id is the query's own, as BEIR does for ArguAna and Quora. Default: true for the collections that need it.",
    ),
  titles: z
    .enum(['keep', 'omit'])
    .optional()
    .describe(
      'Whether documents keep their titles. Default: keep, but omit for CoIR, whose published figures are over the text alone.',
    ),
  revision: z
    .string()
    .optional()
    .describe(
      'Commit, branch or tag on the hub. Default: the commit pinned for names that `fieldtrial datasets` lists, else main.',
    ),
  subset: z.string().optional().describe('Subset of a hub data set that holds several collections.'),
  sample: sampleObject.optional(),
  published: z
    .union([z.string().min(1), z.literal(false)])
    .optional()
    .describe(
      'Which known collection this is, so that published figures stand beside the results: a name that `fieldtrial datasets` lists, or false for none. Default: found out by its source, its content or its counts.',
    ),
})

export const collectionObject = memberObject.extend({
  source: memberObject.shape.source.optional(),
  id: id.optional().describe('Another word for `name`.'),
  unified: z
    .array(z.union([z.string().min(1), memberObject]))
    .min(2)
    .optional()
    .describe(
      'In place of `source`: several collections joined into one corpus, searched by the queries of each; sources, or names of other collections of the study. Ids get the name of their domain before them. See docs/unified.md.',
    ),
})

export type CollectionInput = z.infer<typeof memberObject>
export type StudyCollectionInput = z.infer<typeof collectionObject>
export type SampleInput = z.infer<typeof sampleObject>
