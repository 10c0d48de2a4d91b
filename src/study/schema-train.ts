import { z } from 'zod'
import { DEVICE, id, recipeObject, TORCH_DEVICES } from './schema-recipes.ts'

/** What a training set may be made of. */
export const DATA_FORMATS = ['tevatron', 'collection', 'pairs'] as const
/** Whether the image tower of a vision-language model stays as it is. */
export const VISION_MODES = ['frozen', 'trained'] as const
/** The adapters that can be trained, and training of all weights. */
export const ADAPTER_KINDS = ['lora', 'dora'] as const
export const SCHEDULES = ['linear', 'cosine', 'constant'] as const
export const STRATEGIES = ['none', 'ddp', 'fsdp', 'zero3'] as const

/** The recipe of the model that comes out: the parameters that also mean something while it is trained. */
const trainRecipe = recipeObject
  .pick({
    recipe: true,
    system: true,
    prompts: true,
    pooling: true,
    layer: true,
    finalNorm: true,
    attention: true,
    eos: true,
    layout: true,
    maxLength: true,
    normalize: true,
  })
  .extend({
    sparse: z
      .boolean()
      .optional()
      .describe('`promptreps`: train the sparse half together with the dense one. Default: false.'),
  })

const column = z.union([z.string().min(1), z.int().positive()]).optional()

const pairColumns = z.strictObject({
  query: column.describe(
    'Column of the query; of a file without header, its number. Default: query, anchor or question.',
  ),
  positive: column.describe(
    'Column of the text that answers it, or of a list of them. Default: positive, pos, answer or document.',
  ),
  negative: column.describe(
    'Column of texts that do not. Default: negative, negatives, neg, negative_1 …, where there are any.',
  ),
})

const trainData = z.strictObject({
  source: z
    .string()
    .min(1)
    .describe(
      'Tevatron’s JSONL (also what `fieldtrial mine` writes), a BEIR folder or .zip, a folder of `fieldtrial collect`, a file of pairs or triples (TSV, CSV, JSONL, parquet), `hf:owner/name`, or a name that `fieldtrial datasets` lists.',
    ),
  format: z.enum(DATA_FORMATS).optional().describe('What it is. Default: found out.'),
  split: z.string().min(1).optional().describe('Which examples, or whose judgments. Default: `train`.'),
  subset: z.string().optional().describe('Subset of a hub data set that holds several collections.'),
  revision: z.string().optional().describe('Commit, branch or tag on the hub.'),
  titles: z.enum(['keep', 'omit']).optional().describe('Whether documents of a collection keep their titles.'),
  columns: pairColumns.optional().describe('Names of the columns of pairs and triples.'),
  negatives: z
    .string()
    .min(1)
    .optional()
    .describe(
      'For a collection: a file of `fieldtrial mine` (or of lines with query_id and negatives), `random` documents, or `none` (only those of the batch). Default: none. Other sources bring their own.',
    ),
  withoutNegatives: z
    .enum(['error', 'keep', 'skip'])
    .optional()
    .describe('What to do with an example without negatives where `negatives` asks for some. Default: error.'),
  missing: z
    .enum(['error', 'skip'])
    .optional()
    .describe(
      'What to do with a judged or mined document that the corpus does not have, or whose picture cannot be decoded. Default: error.',
    ),
  weight: z
    .number()
    .positive()
    .max(100)
    .optional()
    .describe('How often its examples are taken: 0.1 takes a tenth of them, 2 each twice. Default: 1.'),
  limit: z.int().positive().optional().describe('Only the first so many examples.'),
  task: z
    .string()
    .min(1)
    .optional()
    .describe('Task instruction for recipes that take one. Default: the published one for known collections.'),
})

const evaluation = z.strictObject({
  collection: z.string().min(1).describe('Source of the collection, as in a study.'),
  split: z.string().min(1).optional().describe('Default: `dev`.'),
  measure: z.string().min(1).optional().describe('What is watched. Default: nDCG@10.'),
  every: z.int().positive().optional().describe('Steps between two evaluations. Default: a tenth of all steps.'),
  queries: z.int().positive().optional().describe('Queries at most, chosen at random. Default: 300.'),
  documents: z
    .int()
    .positive()
    .optional()
    .describe('Documents at most: all judged ones, and random others. Default: 10000.'),
  patience: z
    .int()
    .nonnegative()
    .optional()
    .describe('Evaluations without a better value after which training stops; 0 for never. Default: 3.'),
  titles: z.enum(['keep', 'omit']).optional().describe('Whether documents keep their titles.'),
  subset: z.string().optional().describe('Subset of a hub data set.'),
  revision: z.string().optional().describe('Commit, branch or tag on the hub.'),
  task: z.string().min(1).optional().describe('Task instruction, for recipes that take one.'),
})

const adapterObject = z.strictObject({
  kind: z.enum(ADAPTER_KINDS).optional().describe('Default: lora.'),
  r: z.int().positive().max(1024).optional().describe('Rank. Default: 16.'),
  alpha: z.number().positive().optional().describe('Scale; updates are multiplied by alpha / r. Default: twice r.'),
  dropout: z.number().min(0).lt(1).optional().describe('Default: 0.1.'),
  targets: z
    .union([z.literal('all-linear'), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe('Endings of the names of the matrices that are changed, or `all-linear`. Default: all-linear.'),
  from: z.string().min(1).optional().describe('Folder of LoRA weights to go on from, in PEFT’s layout.'),
})

const loss = z.strictObject({
  temperature: z
    .number()
    .positive()
    .optional()
    .describe('Scores are divided by it. Default: 0.02. RepLLaMA and the study of specialised LLMs take 0.01.'),
  inBatch: z
    .boolean()
    .optional()
    .describe('Whether the documents of other queries of the batch are negatives. Default: true.'),
  crossDevice: z.boolean().optional().describe('Whether those of other devices are, too. Default: true.'),
  positives: z
    .enum(['random', 'first'])
    .optional()
    .describe('Which positive of a query an update takes. Default: random, another one each time.'),
  maskDuplicates: z
    .boolean()
    .optional()
    .describe('Whether a document that is a positive of the query is left out of its negatives. Default: true.'),
  matryoshka: z
    .union([
      z.array(z.int().positive()).min(1),
      z.strictObject({
        dimensions: z.array(z.int().positive()).min(1).describe('First numbers of the vector.'),
        weights: z.array(z.number().nonnegative()).min(1).describe('Weight of the loss at each.'),
      }),
    ])
    .optional()
    .describe('Lengths at which the cut vectors must work, too. Default: none.'),
  distill: z
    .strictObject({
      weight: z.number().positive().optional().describe('Beside the contrastive loss. Default: 1.'),
      temperature: z.number().positive().optional().describe('Of the teacher’s scores, for `kl`. Default: 1.'),
      kind: z
        .enum(['kl', 'margin-mse'])
        .optional()
        .describe('Divergence of the two distributions, or squared difference of margins. Default: kl.'),
      contrastive: z
        .number()
        .nonnegative()
        .optional()
        .describe('Weight of the contrastive loss; 0 learns from the teacher alone. Default: 1.'),
    })
    .optional()
    .describe('Learn the scores of a teacher that the examples bring (`teacher_score` of passages). Default: none.'),
  sparse: z
    .strictObject({
      weight: z.number().nonnegative().optional().describe('Of the sparse half. Default: 1.'),
      dense: z.number().nonnegative().optional().describe('Of the dense half. Default: 1.'),
    })
    .optional()
    .describe('For recipes with a sparse half.'),
})

const batch = z.strictObject({
  queries: z.int().min(1).optional().describe('Queries of an update, on all devices together. Default: 64.'),
  accumulate: z
    .int()
    .positive()
    .optional()
    .describe(
      'Passes that an update is made of; queries of different passes are no negatives of each other. Default: 1.',
    ),
  chunk: z
    .int()
    .positive()
    .optional()
    .describe(
      'Texts that go through the model at once (GradCache): large batches in little memory, for a second forward pass. Default: all.',
    ),
})

const optimizer = z.strictObject({
  lr: z.number().positive().optional().describe('Learning rate at its highest. Default: 1e-4 for adapters, else 2e-5.'),
  warmup: z
    .number()
    .nonnegative()
    .optional()
    .describe('Steps in which it rises from 0; below 1, a share of all steps. Default: 0.1.'),
  schedule: z.enum(SCHEDULES).optional().describe('How it falls after that. Default: linear.'),
  weightDecay: z.number().nonnegative().optional().describe('Default: 0.'),
  betas: z.array(z.number().min(0).lt(1)).length(2).optional().describe('Of AdamW. Default: [0.9, 0.999].'),
  clip: z.number().positive().optional().describe('Largest norm of the gradient. Default: 1.'),
})

const hosts = z.strictObject({
  count: z.int().min(2).describe('Hosts, this one included.'),
  address: z.string().min(1).describe('`host:port` of this host, as the others reach it.'),
})

/** In a study: a training file for another base, so that a family is trained alike. */
export const trainOther = z.strictObject({
  file: z.string().min(1).describe('The training file.'),
  model: z.string().min(1).optional().describe('The base, in place of the file’s. Default: the file’s.'),
})

/** The fields of a training file, also of a `train:` section in a study. */
export const TrainSchema = z.strictObject({
  $schema: z.string().optional().describe('Address of the JSON Schema, for editors.'),
  name: id.optional(),
  description: z.string().optional().describe('A sentence for the report and the model card.'),
  model: z
    .string()
    .min(1)
    .describe('The base: a folder, a name that `fieldtrial models` lists, or a Hugging Face id (`owner/name`).'),
  recipe: z
    .union([trainRecipe.shape.recipe, trainRecipe])
    .optional()
    .describe(
      'How the model becomes a retriever, in training as later in use. Default: `sentence-transformers`, i.e. what its own files say.',
    ),
  data: z
    .array(z.union([z.string().min(1), trainData]))
    .min(1)
    .describe('What to learn from; examples of several sources are mixed.'),
  negatives: z
    .int()
    .nonnegative()
    .max(1000)
    .optional()
    .describe('Hard negatives of each query in an update. Default: 7, or 0 where no source brings any.'),
  tooLong: z
    .enum(['cut', 'error'])
    .optional()
    .describe(
      'What to do with a query that is longer than `maxLength`: cut it, as in use, and tell, or refuse. Default: cut.',
    ),
  loss: loss.optional().describe('InfoNCE, and what is added to it.'),
  batch: batch.optional().describe('What makes an update.'),
  optimizer: optimizer.optional().describe('AdamW.'),
  adapter: z
    .union([z.enum(['full', ...ADAPTER_KINDS]), adapterObject])
    .optional()
    .describe(
      'LoRA weights beside the model’s own, or `full`: all weights are trained. Default: lora for language models, full for encoders.',
    ),
  vision: z
    .enum(VISION_MODES)
    .optional()
    .describe(
      'Of a vision-language model that learns from pictures: whether its image tower stays as it is, or is trained too (LoRA on what `targets` names there, or all its weights). Default: frozen.',
    ),
  minPixels: z
    .int()
    .positive()
    .optional()
    .describe(
      'Least pixels of a picture, which is enlarged to them, in training as in later use. Default: what the model’s preprocessor_config.json says.',
    ),
  maxPixels: z
    .int()
    .positive()
    .optional()
    .describe('Most pixels of a picture, which is made smaller. Default: as above.'),
  precision: z
    .enum(['float32', 'bfloat16'])
    .optional()
    .describe(
      'Of the forward and backward passes. Default: that of the training which lies in the folder already, else float32 on the processor, bfloat16 on GPUs.',
    ),
  gradientCheckpointing: z
    .boolean()
    .optional()
    .describe('Compute states again instead of keeping them: less memory, a third more time. Default: false.'),
  packed: z
    .boolean()
    .optional()
    .describe('Sequences one behind the other without padding. Default: where the model allows it.'),
  compile: z
    .boolean()
    .optional()
    .describe(
      'Compile the layers of a packed language model, on CUDA; not for DoRA. Default: where the training takes long enough to gain by it, 200 seconds.',
    ),
  evaluation: evaluation
    .optional()
    .describe('A collection to watch while training. Default: none, the last weights are kept.'),
  budget: z
    .strictObject({
      epochs: z.number().positive().max(1000).optional().describe('Times that all examples are seen. Default: 1.'),
      steps: z.int().positive().optional().describe('Updates, in place of epochs.'),
    })
    .optional()
    .describe('How long to train.'),
  overlap: z
    .strictObject({
      with: z
        .array(z.string().min(1))
        .optional()
        .describe(
          'Collections whose test splits must not be among the examples. Default: those that the examples come from, where they have one.',
        ),
      split: z.string().min(1).optional().describe('Default: `test`.'),
      allow: z
        .array(z.enum(['queries', 'positives']))
        .optional()
        .describe('What may be shared all the same: queries, or positives that answer a query under test.'),
      drop: z
        .boolean()
        .optional()
        .describe('Leave out examples whose query is under test, in place of refusing them. Default: false.'),
    })
    .optional()
    .describe('Examples that are also under test make scores that mean nothing; they are refused unless allowed.'),
  checkpoints: z
    .strictObject({
      every: z.int().positive().optional().describe('Steps between two. Default: a tenth of all steps, 500 at most.'),
      keep: z.int().positive().optional().describe('Newest ones that are kept. Default: 2.'),
    })
    .optional()
    .describe('From which training goes on after it was stopped.'),
  device: z
    .string()
    .regex(DEVICE, `must be one of ${TORCH_DEVICES}`)
    .optional()
    .describe(`What computes: ${TORCH_DEVICES}. Default: auto, the first GPU if there is one.`),
  strategy: z
    .enum(STRATEGIES)
    .optional()
    .describe(
      'How several devices share the work. Default: ddp, each holds the whole model; fsdp and zero3 share the weights out.',
    ),
  hosts: hosts.optional().describe('Several hosts with one file system.'),
  seed: z.int().nonnegative().optional().describe('Of the order, of dropout and of new weights. Default: 42.'),
  output: z
    .strictObject({
      dir: z.string().min(1).optional().describe('Folder of the job, relative to the file. Default: trained/<name>.'),
      merged: z.boolean().optional().describe('Also write the model with the adapter merged into it. Default: false.'),
    })
    .optional()
    .describe('What is written, and where to.'),
})

export type TrainInput = z.infer<typeof TrainSchema>
export type TrainDataInput = z.infer<typeof trainData>
export type TrainRecipeInput = z.infer<typeof trainRecipe>

/** The fields that are allowed at a place of a training file, for suggestions. */
export function trainFieldsAt(path: readonly (string | number)[]): string[] {
  const { shape } = TrainSchema
  const objects: Record<string, z.ZodObject> = {
    '': TrainSchema,
    recipe: trainRecipe,
    data: trainData,
    'data.columns': pairColumns,
    loss,
    'loss.distill': loss.shape.distill.unwrap(),
    'loss.sparse': loss.shape.sparse.unwrap(),
    batch,
    optimizer,
    adapter: adapterObject,
    evaluation,
    budget: shape.budget.unwrap(),
    overlap: shape.overlap.unwrap(),
    checkpoints: shape.checkpoints.unwrap(),
    hosts,
    output: shape.output.unwrap(),
  }
  const object = objects[path.filter((part) => typeof part === 'string').join('.')]
  return object ? Object.keys(object.shape) : []
}
