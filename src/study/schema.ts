import { z } from 'zod'
import { LLAMA_DEVICES } from '../engines/llama/devices.ts'
import { MERGE_PLACES, MergeSchema } from '../fusion/weights/index.ts'
import { BM25_VARIANTS } from '../index/bm25/index.ts'
import { ANALYZERS, STEMMERS } from '../index/text/index.ts'
import { BROKEN_IMAGES } from './images/options.ts'
import { BIAS_MODES } from './sample/options.ts'
import { fusionObject, learnedObject, routeObject } from './schema-fusion.ts'
import {
  DEVICE,
  dtype,
  id,
  maxLength,
  ONNX_DEVICES,
  type postprocessStep,
  prompts,
  RECIPE_IDS,
  recipeObject,
  TORCH_DEVICES,
} from './schema-recipes.ts'
import { TrainSchema, trainFieldsAt, trainOther } from './schema-train.ts'

/** The names that strings in a study file may take; the JSON Schema and the suggestions come from here. */
export const REPORT_FORMATS = ['html', 'markdown', 'csv', 'latex', 'json', 'trec', 'mteb'] as const
const SIGNIFICANCE_TESTS = ['randomisation', 't-test', 'bootstrap'] as const
const CORRECTIONS = ['holm', 'benjamini-hochberg', 'none'] as const

const columns = z
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

const sampleObject = z
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

const memberObject = z.strictObject({
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

const collectionObject = memberObject.extend({
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

const modelObject = z.strictObject({
  id: id.optional(),
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A folder in sentence-transformers or transformers layout, a .gguf file (`engine: llama` or `torch`), a name that `fieldtrial models` lists, a Hugging Face id (`owner/name` or `owner/name@revision`), or, for `engine: http`, the name that the server knows.',
    ),
  merge: MergeSchema.optional().describe(
    'In place of `model`: models of one ancestor merged into one, made when the study runs. See docs/merging.md.',
  ),
  train: z
    .union([z.string().min(1), TrainSchema, trainOther])
    .optional()
    .describe(
      'In place of `model`: a training file, the same for another base (`{ file, model }`), or what stands in one; the model is trained first, unless it has been, and then used with the recipe that it was trained with. See docs/training.md.',
    ),
  engine: z
    .enum(['onnx', 'http', 'torch', 'llama'])
    .optional()
    .describe(
      'What runs the model: `onnx` in this process, `torch` in PyTorch beside it (GPUs, GGUF, adapters; see `fieldtrial setup`), `llama` in llama.cpp beside it (GGUF files, and decoders of which it makes one), or `http` for a server. Default: `http` if `url` is given, `llama` for a .gguf file, else `onnx`.',
    ),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Base address of an OpenAI-compatible (`…/v1`) or TEI server.'),
  api: z
    .enum(['openai', 'tei'])
    .optional()
    .describe('Which interface the server speaks. Default: `openai` if the address ends in /v1, else `tei`.'),
  apiKeyEnv: z
    .string()
    .optional()
    .describe(
      'Environment variable that holds the key. Default: OPENAI_API_KEY for servers elsewhere, none for local ones.',
    ),
  dimensions: z.int().positive().optional().describe('Ask the server for vectors of this size (models that allow it).'),
  batchSize: z.int().positive().max(4096).optional().describe('Texts per request. Default: 32.'),
  concurrency: z.int().positive().max(64).optional().describe('Requests under way at once. Default: 2.'),
  timeoutSeconds: z.number().positive().optional().describe('How long a request may take. Default: 120.'),
  retries: z
    .int()
    .nonnegative()
    .max(100)
    .optional()
    .describe('How often a request is tried again after 429, 5xx and broken connections. Default: 5.'),
  dtype: dtype.optional(),
  device: z
    .string()
    .regex(
      DEVICE,
      `must be one of ${ONNX_DEVICES.join(', ')}, for engine: torch ${TORCH_DEVICES}, or for engine: llama ${LLAMA_DEVICES.join(', ')}`,
    )
    .optional()
    .describe(
      `What computes. In \`engine: onnx\` ${ONNX_DEVICES.join(', ')}, where onnxruntime was built with it; default: cpu. In \`engine: torch\` ${TORCH_DEVICES}; default: auto, the first GPU if there is one. In \`engine: llama\` ${LLAMA_DEVICES.join(', ')}; default: auto, the best that is there.`,
    ),
  adapter: z
    .string()
    .min(1)
    .optional()
    .describe(
      'LoRA weights for the model, in PEFT’s layout, for `engine: torch`: a folder, or `owner/name` on the hub. Refused where they were made for another base.',
    ),
  minPixels: z
    .int()
    .positive()
    .optional()
    .describe(
      'Least pixels of an image, which is enlarged to them: for vision-language models with `engine: torch`. Default: what the model’s preprocessor_config.json says.',
    ),
  maxPixels: z
    .int()
    .positive()
    .optional()
    .describe(
      'Most pixels of an image, which is made smaller: time and memory grow with them, since every 28 × 28 (or 32 × 32) pixels are a token. Default: as above.',
    ),
  recipes: z
    .array(z.union([z.enum(RECIPE_IDS), recipeObject]))
    .min(1)
    .optional()
    .describe("Recipes for this model, in place of the study's."),
  maxLength: maxLength.optional(),
  prompts: prompts.optional(),
  normalize: z
    .boolean()
    .optional()
    .describe("Scale vectors to length 1. Default: what the model's files say; true for servers."),
})

const analyzerObject = z.strictObject({
  name: z.enum(ANALYZERS).describe('The analyzer.'),
  stopwords: z
    .union([z.boolean(), z.array(z.string())])
    .optional()
    .describe(
      '`true` for Lucene’s 33 English ones, `false` for none, or a list. Default: true for lucene-english, code and bm25s.',
    ),
  stemmer: z.enum(STEMMERS).optional().describe('Default: `porter` for lucene-english and code, else `none`.'),
  wholeNames: z
    .boolean()
    .optional()
    .describe('Only `code`: whether a name of several parts is also a term as a whole. Default: true.'),
})

const bm25Object = z.strictObject({
  id: id.optional(),
  type: z.literal('bm25').describe('The kind of baseline.'),
  variant: z.enum(BM25_VARIANTS).optional().describe('Formula. Default: lucene.'),
  k1: z.number().nonnegative().optional().describe('Saturation of the term frequency. Default: 0.9.'),
  b: z.number().min(0).max(1).optional().describe('Weight of the document length, 0–1. Default: 0.4.'),
  delta: z
    .number()
    .nonnegative()
    .optional()
    .describe('What an occurrence is worth at least, for `bm25l` (default 0.5) and `bm25+` (default 1).'),
  analyzer: z
    .union([z.enum(ANALYZERS), analyzerObject])
    .optional()
    .describe('How text becomes terms. Default: lucene-english.'),
  multifield: z
    .boolean()
    .optional()
    .describe(
      'Index title and text as two fields and add their scores, as Anserini’s multifield runs. Default: false (one field, title + text).',
    ),
  weights: z
    .strictObject({
      title: z.number().nonnegative().optional().describe('Default: 1.'),
      contents: z.number().nonnegative().optional().describe('Default: 1.'),
    })
    .optional()
    .describe('Weights of the two fields, for `multifield`.'),
})

/** The shape of a study file. */
export const StudySchema = z
  .strictObject({
    $schema: z.string().optional().describe('Address of the JSON Schema, for editors.'),
    name: id.optional(),
    description: z.string().optional().describe('A sentence for the report.'),
    collections: z
      .array(z.union([z.string().min(1), collectionObject]))
      .min(1)
      .describe('What to search: documents, queries and judgments.'),
    models: z
      .array(z.union([z.string().min(1), modelObject]))
      .optional()
      .describe('Encoders; each is tried with each recipe.'),
    recipes: z
      .array(z.union([z.enum(RECIPE_IDS), recipeObject]))
      .min(1)
      .optional()
      .describe(
        'How models become retrievers. Default: `sentence-transformers`, i.e. what each model’s own files say.',
      ),
    baselines: z
      .array(z.union([z.string().min(1), bm25Object]))
      .optional()
      .describe('Retrievers without a model: `bm25`, or `bm25:analyzer=code,k1=1.2`, or the same as an object.'),
    fusion: z
      .array(z.union([z.string().min(1), fusionObject]))
      .optional()
      .describe('Retrievers made of others: `rrf:bm25,minilm`, or the same as an object. See docs/fusion.md.'),
    measures: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        'Names as ir_measures writes them; the first one ranks the tables. Default: nDCG@10, R@100, MRR@10, AP.',
      ),
    mteb: z
      .array(z.string().min(1))
      .optional()
      .describe(
        'Result files of MTEB, or folders of them, relative to the study file: their figures stand beside the results.',
      ),
    depth: z.int().positive().max(100_000).optional().describe('Documents kept per query in each run. Default: 1000.'),
    vectors: z
      .strictObject({
        dtype: z
          .enum(['float32', 'float16', 'int8'])
          .optional()
          .describe('How document vectors are stored. Default: float32.'),
      })
      .optional()
      .describe('Storage of vectors.'),
    comparison: z
      .strictObject({
        baseline: z
          .string()
          .optional()
          .describe('Id of the retriever that all others are tested against. Default: the first one.'),
        test: z.enum(SIGNIFICANCE_TESTS).optional().describe('Paired test over queries. Default: randomisation.'),
        correction: z
          .enum(CORRECTIONS)
          .optional()
          .describe('For several comparisons on one collection and measure. Default: holm.'),
        alpha: z.number().gt(0).lt(1).optional().describe('Level of significance. Default: 0.05.'),
        resamples: z
          .int()
          .min(100)
          .max(10_000_000)
          .optional()
          .describe('Of the randomisation test and the bootstrap interval. Default: 10000.'),
        seed: z.int().nonnegative().optional().describe('Of the resampling. Default: 42.'),
      })
      .optional()
      .describe('Significance of the differences.'),
    images: z
      .strictObject({
        broken: z
          .enum(BROKEN_IMAGES)
          .optional()
          .describe(
            'A picture that cannot be decoded: `stop` fails the trials that would read it, naming it; `skip` leaves its document or query out and counts it in the report. Default: stop.',
          ),
      })
      .optional()
      .describe('Pictures of collections that have some, see docs/images.md.'),
    output: z
      .strictObject({
        dir: z
          .string()
          .min(1)
          .optional()
          .describe('Folder of results and reports, relative to the study file. Default: results/<name>.'),
        formats: z.array(z.enum(REPORT_FORMATS)).min(1).optional().describe('Default: all.'),
      })
      .optional()
      .describe('What is written, and where to.'),
  })
  .meta({
    title: 'fieldtrial study',
    description: 'Collections × retrievers, measured, compared and reported. Run it with `fieldtrial run FILE`.',
  })

export type StudyInput = z.infer<typeof StudySchema>
export type CollectionInput = z.infer<typeof memberObject>
export type StudyCollectionInput = z.infer<typeof collectionObject>
export type SampleInput = z.infer<typeof sampleObject>
export type ModelInput = z.infer<typeof modelObject>
export type RecipeInput = z.infer<typeof recipeObject>
export type PostprocessInput = z.infer<typeof postprocessStep>
export type Bm25Input = z.infer<typeof bm25Object>
export type FusionInput = z.infer<typeof fusionObject>

/** The JSON Schema of study files (draft 2020-12), as published with the package. */
export function studyJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(StudySchema, { io: 'input' })
}

/** The fields that are allowed at a place of a study file, for suggestions. */
export function fieldsAt(path: readonly (string | number)[]): string[] {
  const objects: Record<string, z.ZodObject> = {
    '': StudySchema,
    collections: collectionObject,
    'collections.files': collectionObject.shape.files.unwrap(),
    'collections.unified': memberObject,
    'collections.columns': columns,
    'collections.sample': sampleObject,
    models: modelObject,
    'models.prompts': prompts,
    ...Object.fromEntries(
      Object.entries(MERGE_PLACES).map(([place, object]) => [
        ['models.merge', place].filter(Boolean).join('.'),
        object,
      ]),
    ),
    recipes: recipeObject,
    'recipes.prompts': prompts,
    'recipes.sweep': recipeObject.shape.sweep.unwrap(),
    'models.recipes': recipeObject,
    'models.recipes.prompts': prompts,
    'models.recipes.sweep': recipeObject.shape.sweep.unwrap(),
    baselines: bm25Object,
    'baselines.analyzer': analyzerObject,
    'baselines.weights': bm25Object.shape.weights.unwrap(),
    fusion: fusionObject,
    'fusion.weights': z.strictObject({ learned: learnedObject }),
    'fusion.weights.learned': learnedObject,
    'fusion.route': routeObject,
    vectors: StudySchema.shape.vectors.unwrap(),
    comparison: StudySchema.shape.comparison.unwrap(),
    output: StudySchema.shape.output.unwrap(),
    images: StudySchema.shape.images.unwrap(),
  }
  const place = path.filter((part) => typeof part === 'string').join('.')
  if (/^models\.train(\.|$)/.test(place))
    return [
      ...trainFieldsAt(place.split('.').slice(2)),
      ...(place === 'models.train' ? Object.keys(trainOther.shape) : []),
    ]
  const object = objects[place]
  return object ? Object.keys(object.shape) : []
}
