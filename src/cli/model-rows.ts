import type { ModelEntry, ModelField, SpecialToken } from '../data/models/index.ts'

/** All that is known of a named model, a row per fact; what nobody has checked is marked. */
export async function modelRows(model: ModelEntry): Promise<string[][]> {
  const { lineOf, MODEL_DTYPES, memoryEstimate, siblingsOf } = await import('../data/models/index.ts')
  const { shape } = model
  const marked = (field: ModelField, text: string) =>
    model.unverified.includes(field) ? `${text}  (unverified)` : text
  const line = lineOf(model.name)
  const siblings = siblingsOf(model.name).map(({ name }) => name)
  const memory = MODEL_DTYPES.flatMap((dtype) => {
    const estimate = memoryEstimate(model, dtype)
    return estimate ? [[`memory, ${dtype}`, estimate.explanation]] : []
  })
  return [
    ['name', model.name],
    ...addressRows(model, marked),
    ['kind', `${model.kind}, made for: ${model.specialisation}`],
    ['architecture', marked('architecture', model.architecture)],
    ['parameters', marked('parameters', parametersText(model))],
    ['layers', marked('shape', `${shape.layers}, ${shape.hidden} wide, feed-forward ${shape.intermediate}`)],
    ['heads', marked('shape', `${shape.heads} of ${shape.headSize}, keys and values ${shape.kvHeads}`)],
    ['vocabulary', marked('shape', `${shape.vocabulary} rows`)],
    ['head', marked('head', HEADS[shape.head])],
    ['context', marked('context', `${model.context} tokens`)],
    ['end token', marked('tokens', tokenText(model.eos))],
    ['pad token', marked('tokens', tokenText(model.pad))],
    ['begin token', marked('tokens', tokenText(model.bos))],
    ['chat template', model.chat ? 'yes' : 'no'],
    [
      'default system turn',
      marked('systemTurn', model.systemTurn === null ? 'none' : JSON.stringify(model.systemTurn)),
    ],
    ['ancestry', marked('descendsFrom', ancestryText(line))],
    ['siblings', siblings.length === 0 ? 'none' : siblings.join(', ')],
    ['licence', marked('licence', model.licence)],
    ['recipe', marked('recipe', model.recipe === null ? 'none of fieldtrial’s fits' : recipeText(model.recipe))],
    ...memory,
    ...(model.note === null ? [] : [['note', model.note]]),
    ['unverified', model.unverified.length === 0 ? 'nothing' : model.unverified.join(', ')],
  ]
}

function addressRows(model: ModelEntry, marked: (field: ModelField, text: string) => string): string[][] {
  const { hub, revision, subfolder } = model
  if (hub === null) return [['from', 'comes with fieldtrial; no network is used']]
  return [
    ['hub', marked('hub', `https://huggingface.co/${hub}${subfolder ? ` (${subfolder})` : ''}`)],
    ['commit', revision === null ? 'none known: main is used' : marked('revision', revision)],
  ]
}

const HEADS = { tied: 'shared with the embeddings', own: 'of its own', none: 'absent' } as const

/** `7.62B`, `494M`: as the names of models have it. */
export function formatParameters(parameters: number | null): string {
  if (parameters === null) return 'unknown'
  return parameters >= 1e9
    ? `${(parameters / 1e9).toFixed(2)}B`
    : `${(parameters / 1e6).toFixed(parameters < 1e8 ? 1 : 0)}M`
}

function parametersText({ parameters, visionParameters }: ModelEntry): string {
  const vision = visionParameters > 0 ? `, ${formatParameters(visionParameters)} of them for images` : ''
  return `${formatParameters(parameters)}${vision}`
}

function tokenText(token: SpecialToken | null): string {
  return token === null ? 'none' : `${token.text} (${token.id})`
}

/** `fine-tuning … of qwen2.5-math-7b ← further training … of qwen2.5-7b`. */
function ancestryText(line: readonly ModelEntry[]): string {
  const steps = line.flatMap(({ descendsFrom }) =>
    descendsFrom === null ? [] : [`${descendsFrom.name} by ${descendsFrom.how}`],
  )
  return steps.length === 0 ? 'none named here' : `from ${steps.join(', which is from ')}`
}

function recipeText(recipe: NonNullable<ModelEntry['recipe']>): string {
  const { recipe: id, layout, attention, prompts } = recipe
  return [
    id,
    ...(layout ? [`layout ${layout}`] : []),
    ...(attention ? [`${attention} attention`] : []),
    ...(prompts ? [`query ${JSON.stringify(prompts.query)}, document ${JSON.stringify(prompts.document)}`] : []),
  ].join(', ')
}
