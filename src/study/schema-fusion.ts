import { z } from 'zod'
import {
  FUSION_METHODS,
  NORMALISATIONS,
  ROUTE_FEATURES,
  ROUTE_MODELS,
  ROUTE_TARGETS,
  SPACE_CUTS,
  SPACE_METHODS,
} from '../fusion/index.ts'
import { id } from './schema-recipes.ts'

/** All methods that a fusion of a study may have: of runs, per query, and of embedding spaces. */
export const STUDY_FUSION_METHODS = [...FUSION_METHODS, 'route', ...SPACE_METHODS] as const

const learning = {
  folds: z
    .int()
    .min(2)
    .max(100)
    .optional()
    .describe(
      'Cross-validation over the queries under test: each is ranked by what was learned from the other folds. Default: 5, unless `split` is given.',
    ),
  split: z
    .string()
    .min(1)
    .optional()
    .describe('Learn from the judged queries of another split of the same collection, such as dev or train.'),
  measure: z
    .string()
    .min(1)
    .optional()
    .describe("The measure that is made as high as can be. Default: the study's first."),
  seed: z.int().nonnegative().optional().describe('Of the parting into folds. Default: 42.'),
}

export const learnedObject = z
  .strictObject(learning)
  .describe('How weights are learned; never from the queries that they are reported on.')

export const routeObject = z
  .strictObject({
    to: z
      .enum(ROUTE_TARGETS)
      .optional()
      .describe('Send each query to one `member`, or choose among `weights` of all. Default: member.'),
    model: z
      .enum(ROUTE_MODELS)
      .optional()
      .describe('What predicts the worth of a choice: ridge regression, or boosted stumps. Default: ridge.'),
    features: z
      .enum(ROUTE_FEATURES)
      .optional()
      .describe(
        'What it looks at: `all` (the text, how rare its words are where a BM25 is below, and the shape of the members’ scores), or the `query` without scores, so that only the chosen member is searched. Default: all.',
      ),
    ...learning,
  })
  .describe('How `route` chooses for each query, and what it learns from.')

export const fusionObject = z.strictObject({
  id: id.optional(),
  method: z
    .enum(STUDY_FUSION_METHODS)
    .describe(
      'How runs are combined (`rrf` is reciprocal rank fusion, `wsum` a weighted sum), `route` for a choice per query, or `concat`, `procrustes`, `cca` for one embedding space out of several.',
    ),
  of: z
    .array(z.string())
    .min(2)
    .describe('Ids of the retrievers to combine; may name other fusions. Of a fusion of spaces: dense retrievers.'),
  k: z.number().nonnegative().optional().describe('Constant of `rrf` and `wrrf`. Default: 60.'),
  alpha: z.number().min(0).max(1).optional().describe('`promptreps-hybrid`: weight of the first member. Default: 0.5.'),
  gamma: z.number().optional().describe('Exponent of `gmnz`. Default: 0.5.'),
  phi: z.number().gt(0).lt(1).optional().describe('Persistence of `rbc`. Default: 0.8.'),
  sigma: z.number().min(0).max(1).optional().describe('Offset of `logn_isr`. Default: 0.01.'),
  weights: z
    .union([z.array(z.number()), z.literal('learned'), z.strictObject({ learned: learnedObject })])
    .optional()
    .describe(
      'One per member, for weighted methods; `learned` (by five-fold cross-validation), or `{ learned: {…} }`. Default: all equal.',
    ),
  normalisation: z
    .enum(NORMALISATIONS)
    .optional()
    .describe(
      'How each run’s scores are scaled first. Default: min-max for sums, dbsf for `dbsf`, none for methods of ranks.',
    ),
  route: routeObject.optional(),
  dimensions: z
    .int()
    .positive()
    .optional()
    .describe('`concat`, `procrustes`, `cca`: numbers per fused vector. Default: as many as come out.'),
  cut: z
    .enum(SPACE_CUTS)
    .optional()
    .describe(
      'How `concat` is brought to `dimensions`: principal components, or the first numbers of each member. Default: pca.',
    ),
  shrinkage: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('`cca`: of each member’s covariance towards a multiple of the unit matrix. Default: 0.01.'),
  fitDocuments: z
    .int()
    .min(2)
    .optional()
    .describe(
      '`concat` cut by pca, `procrustes`, `cca`: documents that the space is fitted on at most; of more, so many are drawn with seed 42. Default: 50000.',
    ),
  ablation: z
    .boolean()
    .optional()
    .describe('Try the fusion without each of its members, for the report. Default: true.'),
})

export type FusionInput = z.infer<typeof fusionObject>
