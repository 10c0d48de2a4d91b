import { z } from 'zod'
import { MERGE_PLACES } from '../fusion/weights/index.ts'
import { BROKEN_IMAGES } from './images/options.ts'
import { analyzerObject, bm25Object } from './schema-bm25.ts'
import { collectionObject, columns, memberObject, sampleObject } from './schema-collections.ts'
import { fusionObject, learnedObject, routeObject } from './schema-fusion.ts'
import { modelObject } from './schema-models.ts'
import { id, prompts, RECIPE_IDS, recipeObject } from './schema-recipes.ts'
import { trainFieldsAt, trainOther } from './schema-train.ts'

/** The names that strings in a study file may take; the JSON Schema and the suggestions come from here. */
export const REPORT_FORMATS = ['html', 'markdown', 'csv', 'latex', 'json', 'trec', 'mteb'] as const
const SIGNIFICANCE_TESTS = ['randomisation', 't-test', 'bootstrap'] as const
const CORRECTIONS = ['holm', 'benjamini-hochberg', 'none'] as const

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
