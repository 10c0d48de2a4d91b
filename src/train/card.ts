import { basename, isAbsolute } from 'node:path'
import { stringify } from 'yaml'
import { describePrompt } from '../recipes/index.ts'
import type { Recipe, Side } from '../recipes/types.ts'

/** A model as cards name it. */
export interface CardBase {
  /** An address on the hub, or what the user called it. */
  readonly name: string
  /** The hub's commit; null if unknown. */
  readonly revision: string | null
  /** SPDX identifier or the name of the licence; null if unknown. */
  readonly licence: string | null
}

/** Data that a model was trained on. */
export interface CardData {
  readonly name: string
  readonly split: string | null
  readonly examples: number | null
  /** Where its negatives come from, in a few words; null for none but those of the batch. */
  readonly negatives: string | null
  readonly licence: string | null
}

/** One measure on one collection. */
export interface CardResult {
  readonly collection: string
  readonly split: string
  readonly queries: number
  /** As fieldtrial writes it: `nDCG@10`. */
  readonly measure: string
  /** Of the base with the same recipe; null if it was not measured. */
  readonly before: number | null
  readonly after: number
  /** Of a paired test of the difference; null if there was none. */
  readonly p: number | null
}

/** All that a model card is made from. */
export interface CardFacts {
  readonly name: string
  /** Null for weights trained from nothing. */
  readonly base: CardBase | null
  /** What lies beside the card. `merged` holds whole weights, with an adapter added where there was one. */
  readonly form: 'adapter' | 'merged' | 'sentence-transformers' | 'onnx' | 'gguf'
  /** Precision of the weights as written, e.g. `bfloat16` or `q8_0`. */
  readonly dtype: string
  readonly recipe: Recipe
  /** Instruction that stands for `{task}` in prompts; null where no prompt holds one, or it is left open. */
  readonly task: string | null
  /** Numbers per vector; null if unknown. */
  readonly dimension: number | null
  /** SHA-256 of what determines vectors: weights, tokenizer, recipe. */
  readonly fingerprint: string
  readonly data: readonly CardData[]
  /** Settings of the training by name, in the order in which they are shown. Empty for a model that was not trained here. */
  readonly training: Readonly<Record<string, string | number | boolean>>
  readonly results: readonly CardResult[]
  /** What a user must know, e.g. where an export differs from the model that it was made from. */
  readonly notes: readonly string[]
  /** Version of fieldtrial. */
  readonly fieldtrial: string
}

/** How the hub calls what a card's model is to its base. */
const RELATIONS = {
  adapter: 'adapter',
  merged: 'finetune',
  'sentence-transformers': 'finetune',
  onnx: 'quantized',
  gguf: 'quantized',
} as const
const LIBRARIES = {
  adapter: 'peft',
  merged: 'transformers',
  'sentence-transformers': 'sentence-transformers',
  onnx: 'onnx',
  gguf: 'gguf',
} as const

/** README.md of a model: YAML front matter as the hub reads it, then data, recipe with its prompts in full, results and fingerprint. Pure. */
export function modelCard(given: CardFacts): string {
  const facts = withoutFolders(given)
  const sections = [
    `# ${facts.name}`,
    opening(facts),
    recipeSection(facts),
    dataSection(facts),
    resultsSection(facts),
    facts.notes.length === 0 ? '' : `## Notes\n\n${facts.notes.map((note) => `- ${note}`).join('\n')}`,
    `Fingerprint \`${facts.fingerprint}\`. Written by fieldtrial ${facts.fieldtrial}.`,
  ]
  return `---\n${frontMatter(facts)}---\n\n${sections.filter(Boolean).join('\n\n')}\n`
}

/** Cards are published: of data in the user's own folders they tell the last part of the path, which is enough to know it by. */
function withoutFolders(facts: CardFacts): CardFacts {
  const shown = (path: string) => (isAbsolute(path) || /^\.{1,2}[\\/]/.test(path) ? basename(path) : path)
  const bare = (note: string) => facts.data.reduce((text, { name }) => text.replaceAll(name, shown(name)), note)
  return {
    ...facts,
    data: facts.data.map((set) => ({ ...set, name: shown(set.name) })),
    notes: facts.notes.map(bare),
  }
}

function frontMatter({ name, base, form, data, results }: CardFacts): string {
  const isAddress = base !== null && /^[\w.-]+\/[\w.-]+$/.test(base.name)
  const licence = base?.licence ?? null
  return stringify({
    ...(licence === null ? {} : licenceFields(licence)),
    ...(isAddress ? { base_model: base.name, base_model_relation: RELATIONS[form] } : {}),
    ...(data.length === 0 ? {} : { datasets: [...new Set(data.map((set) => set.name))] }),
    library_name: LIBRARIES[form],
    pipeline_tag: form === 'sentence-transformers' ? 'sentence-similarity' : 'feature-extraction',
    tags: ['fieldtrial', 'retrieval', ...(form === 'adapter' ? ['lora'] : [])],
    ...(results.length === 0 ? {} : { 'model-index': [{ name, results: results.map(indexEntry) }] }),
  })
}

/** The hub knows licences by lower-case SPDX identifiers; others are `other` with a name. */
function licenceFields(licence: string) {
  const known = /^(apache-2\.0|mit|bsd-[23]-clause|cc-by(-nc)?(-sa)?-\d\.\d|cc0-1\.0|gemma|llama[\d.]+|openrail)$/i
  return known.test(licence) ? { license: licence.toLowerCase() } : { license: 'other', license_name: licence }
}

function indexEntry({ collection, split, measure, after }: CardResult) {
  return {
    task: { type: 'retrieval' },
    dataset: { type: collection, name: collection, split },
    metrics: [{ type: measure.toLowerCase().replaceAll('@', '_at_'), name: measure, value: after }],
  }
}

function opening({ base, form, dtype, dimension }: CardFacts): string {
  const what = {
    adapter: 'LoRA weights that make a retriever',
    merged: 'A retriever, whole weights',
    'sentence-transformers': 'A retriever in the layout of sentence-transformers',
    onnx: 'A retriever as an ONNX graph',
    gguf: 'A retriever as a GGUF file',
  }[form]
  const from = base === null ? '' : `, from ${base.name}${base.revision === null ? '' : ` at commit ${base.revision}`}`
  const size = dimension === null ? '' : ` Vectors have ${dimension} numbers.`
  const licence =
    base === null ? '' : ` Licence of the base: ${base.licence ?? 'not known here; look at its own card'}.`
  return `${what}${from}, in ${dtype}.${size}${licence}`
}

function recipeSection({ recipe, task }: CardFacts): string {
  const prompts = (['query', 'document'] as Side[]).flatMap((side) =>
    recipe.prompts[side].map((prompt) => `- ${side}: \`${describePrompt(prompt)}\``),
  )
  const { query, document } = recipe.maxLength
  const rows: [string, string][] = [
    ['recipe', `${recipe.id} (${recipe.source})`],
    ['pooling', `${recipe.pooling.join(' + ')} over ${SPANS[recipe.span]}`],
    [
      'layer',
      recipe.layer === null
        ? 'the model’s own output'
        : `${recipe.layer}, ${recipe.finalNorm ? 'with' : 'without'} the final norm`,
    ],
    ['attention', recipe.attention === 'model' ? 'as the model has it' : recipe.attention],
    [
      'tokens kept',
      `${query === document ? query : `${query} of queries, ${document} of documents`}, ${recipe.lengthOf === 'prompt' ? 'prompt included' : 'of the text alone'}`,
    ],
    ['sparse half', recipe.sparse === null ? 'none' : `${recipe.sparse.terms} terms at most`],
    ['similarity', `${recipe.similarity}${recipe.normalize ? ', vectors have length 1' : ''}`],
  ]
  return [
    '## Recipe',
    'Vectors are those of the training, or of the results below, only if texts are given to the model in just this way.',
    table(['', ''], rows),
    `Prompts, with ‹text› where the text goes${task === null ? '' : ' and ‹task› where the instruction goes'}:`,
    prompts.join('\n'),
    task === null ? '' : `Instruction: \`${task}\``,
  ]
    .filter(Boolean)
    .join('\n\n')
}

const SPANS = {
  all: 'the whole prompt',
  'from-contents': 'all tokens from the text on',
  'after-prompt': 'the tokens behind the prompt',
} as const

function dataSection({ data, training }: CardFacts): string {
  const settings = Object.entries(training)
  if (data.length === 0 && settings.length === 0) return ''
  return [
    '## Training',
    data.length === 0
      ? ''
      : table(
          ['data', 'split', 'examples', 'negatives', 'licence'],
          data.map(({ name, split, examples, negatives, licence }) => [
            name,
            split ?? '',
            examples === null ? '' : examples.toLocaleString('en'),
            negatives ?? 'of the batch',
            licence ?? 'not known here',
          ]),
        ),
    settings.length === 0
      ? ''
      : table(
          ['setting', 'value'],
          settings.map(([setting, value]) => [setting, String(value)]),
        ),
  ]
    .filter(Boolean)
    .join('\n\n')
}

function resultsSection({ results }: CardFacts): string {
  if (results.length === 0) return ''
  const number = (value: number | null) => (value === null ? '' : value.toFixed(4))
  return [
    '## Results',
    table(
      ['collection', 'split', 'queries', 'measure', 'before', 'after', 'p'],
      results.map(({ collection, split, queries, measure, before, after, p }) => [
        collection,
        split,
        String(queries),
        measure,
        number(before),
        number(after),
        p === null ? '' : p < 0.0001 ? '< 0.0001' : p.toFixed(4),
      ]),
    ),
  ].join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
