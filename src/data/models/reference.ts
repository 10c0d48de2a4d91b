import { MODEL_DTYPES, memoryEstimate, modelGroups, namedModels } from './index.ts'
import type { ModelEntry } from './types.ts'

const INTRODUCTION = `# Named models

<!-- Made by \`node scripts/references.mjs\` from src/data/models; change the records there instead. -->

These names may stand wherever a model is named, in study files and on the command line; each stands for a repository on the Hugging Face hub at a pinned commit, those of \`nano\` for a model that comes with fieldtrial. Any other model is named by its folder or as \`owner/name\`. \`fieldtrial models\` prints the list, \`fieldtrial models show NAME\` everything about one.

The facts come from public copies of the models' config.json and tokenizer files and cards: LitGPT's list of configurations (sizes), MTEB's records (commits, dimensions, lengths and licences of retrievers and encoders), public scripts and logs that pin a commit (the LLMs), issues of the models' makers. The column *unverified* lists the fields of a record that were written from memory and checked against no such copy. Where a commit is not known, \`main\` is used. Before a run, fieldtrial reads the model's own files, and they alone decide: of this list only the address, the commit and the recipe enter a vector.
`

/** The page of named models in Markdown, straight from the records. */
export function modelsReference(): string {
  const families = [...new Set(namedModels.map(({ family }) => family))]
  return [
    INTRODUCTION,
    '## Groups\n',
    ...Object.entries(modelGroups).map(([group, names]) => `- \`${group}\`: ${names.map(code).join(', ')}`),
    '',
    ...families.flatMap((family) => section(family)),
    '## Memory\n',
    'Bytes of the weights in GB, without activations: matrices take 4, 2, 1.03 or 0.625 bytes per weight (integers with a scale per block), token embeddings and vision towers 4, or 2 in bfloat16. A head of its own is left out: dense vectors do not need it.\n',
    table(
      ['name', ...MODEL_DTYPES],
      namedModels.flatMap((model) => {
        const bytes = MODEL_DTYPES.map((dtype) => memoryEstimate(model, dtype)?.bytes)
        return bytes[0] === undefined
          ? []
          : [[code(model.name), ...bytes.map((b) => (b! / 1e9).toFixed(b! < 1e8 ? 3 : 1))]]
      }),
    ),
    '',
  ].join('\n')
}

function section(family: string): string[] {
  const models = namedModels.filter((model) => model.family === family)
  const notes = [...new Set(models.flatMap(({ note }) => note ?? []))]
  return [
    `## ${family}\n`,
    table(
      [
        'name',
        'hub',
        'commit',
        'made for',
        'parameters',
        'layers × width',
        'context',
        'end token',
        'system turn',
        'from',
        'recipe',
        'licence',
        'unverified',
      ],
      models.map(row),
    ),
    '',
    ...notes.map((note) => `- ${names(models, note)}: ${note.replaceAll('<', '&lt;').replaceAll('|', '\\|')}`),
    ...(notes.length > 0 ? [''] : []),
  ]
}

/** The models that a note is about, or that it is about all of the section. */
function names(models: readonly ModelEntry[], note: string): string {
  const meant = models.filter((model) => model.note === note)
  return meant.length === models.length ? 'All' : meant.map(({ name }) => code(name)).join(', ')
}

function row(model: ModelEntry): string[] {
  return [
    code(model.name),
    model.hub === null ? 'comes with fieldtrial' : `[${model.hub}](https://huggingface.co/${model.hub})`,
    model.hub === null ? '' : model.revision === null ? '`main`' : code(model.revision.slice(0, 8)),
    model.kind === 'adapter' ? `${model.specialisation} (adapter)` : model.specialisation,
    model.parameters === null ? '?' : count(model.parameters),
    `${model.shape.layers} × ${model.shape.hidden}`,
    String(model.context),
    model.eos === null ? 'none' : code(model.eos.text),
    model.chat
      ? model.systemTurn === null
        ? 'none'
        : code(model.systemTurn.trim().replaceAll('\n', ' / '))
      : 'no template',
    model.descendsFrom === null ? '' : code(model.descendsFrom.name),
    model.recipe === null ? 'none fits' : code([model.recipe.recipe, model.recipe.layout].filter(Boolean).join(', ')),
    model.licence,
    model.unverified.join(', '),
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

const code = (text: string) => `\`${text}\``
const count = (n: number) => (n >= 1e9 ? `${(n / 1e9).toFixed(2)}B` : `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)}M`)
