import type { Command } from 'commander'
import type { ModelFilter } from '../data/models/filter.ts'
import type { ModelEntry } from '../data/models/index.ts'
import type { EncoderInfo } from '../engines/types.ts'
import { formatBytes } from './format.ts'
import { formatParameters, modelRows } from './model-rows.ts'
import { openWorkspace, WORKSPACE_HELP } from './options.ts'
import { alignTable } from './table.ts'
import { createTerminal, type Terminal } from './terminal.ts'

interface ShowFlags {
  workspace?: string
  offline?: boolean
  json?: boolean
}

export function registerModels(program: Command): void {
  const models = program
    .command('models')
    .summary('list models that have a name or are on this machine, or look at one')
    .description(
      'Lists the models in the Hugging Face cache with whether fieldtrial can run them, then those that have a short name here. A folder of your own, or any owner/name of the hub, works as well. Never uses the network.',
    )
    .option('--kind <kind>', 'named models of this kind: llm, vision-llm, retriever, encoder or adapter')
    .option('--family <family>', 'named models of this family, e.g. qwen2.5-coder')
    .option('--group <group>', 'named models of this group, e.g. specialized-llms')
    .option('--size <size>', 'named models up to this size, e.g. 7b, 0.5b, 300m')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial models\n  fieldtrial models --group specialized-llms\n  fieldtrial models --kind llm --size 1.5b\n  fieldtrial models show qwen2.5-coder-7b-instruct\n  fieldtrial models show path/to/model --json',
    )
    .action(async (flags: ModelFilter & { json?: boolean }) => {
      const terminal = createTerminal()
      const { kind, family, group, size, json } = flags
      const filter = { kind, family, group, size } as ModelFilter
      const { filterModels } = await import('../data/models/filter.ts')
      const named = filterModels(filter)
      const filtered = Object.values(filter).some((value) => value !== undefined)
      const cached = filtered ? undefined : await listCached(terminal, json === true)
      if (json) terminal.out.write(`${JSON.stringify({ ...(cached ? { cached } : {}), named })}\n`)
      else
        terminal.out.write(
          alignTable([
            ['name', 'kind', 'made for', 'parameters', 'dimension', 'context', 'licence', 'hub'],
            ...named.map((m) => [
              m.name,
              m.kind,
              m.specialisation,
              formatParameters(m.parameters),
              String(m.shape.hidden),
              String(m.context),
              m.licence,
              m.hub ?? 'comes with fieldtrial',
            ]),
          ]),
        )
    })
  models
    .command('show')
    .summary('look at one model')
    .description(
      'Tells all that is known of a named model: sizes, tokens, system turn, ancestry, memory, and which of it is unverified. Then, if its files are on this machine, what an encoder made of it will be: recipe with the prompts as sent, pooling, maximum length, dimension, identity. Any other model is fetched if it is not here.',
    )
    .argument('<model>', 'a name, a folder, or a hub id (owner/name or owner/name@revision)')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print as JSON')
    .action(async (model: string, _flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ShowFlags>()
      const terminal = createTerminal()
      const entry = await namedModel(model)
      if (entry === undefined) {
        const info = await prepared(model, undefined, flags)
        if (flags.json) terminal.out.write(`${JSON.stringify(info)}\n`)
        else await writeInfo(terminal, info)
        return
      }
      const rows = await modelRows(entry)
      const { info, why } = await atHand(model, entry, flags)
      if (flags.json) {
        const { MODEL_DTYPES, memoryEstimate, lineOf, siblingsOf } = await import('../data/models/index.ts')
        const memory = Object.fromEntries(MODEL_DTYPES.map((dtype) => [dtype, memoryEstimate(entry, dtype)]))
        const line = lineOf(entry.name).map(({ name }) => name)
        const siblings = siblingsOf(entry.name).map(({ name }) => name)
        terminal.out.write(`${JSON.stringify({ ...entry, line, siblings, memory, files: info ?? null })}\n`)
        return
      }
      terminal.out.write(alignTable(rows))
      terminal.out.write('\n')
      if (info) await writeInfo(terminal, info)
      else terminal.out.write(`${why}\n`)
    })
}

/** The models of the hub's cache, told as a table unless the caller prints them itself. */
async function listCached(terminal: Terminal, quiet: boolean) {
  const { cachedModels } = await import('../study/models.ts')
  const { models, cache } = await cachedModels(process.env)
  if (quiet) return models
  if (models.length === 0) terminal.out.write(`No model in ${cache}. Name one in a study, and it will be fetched.\n\n`)
  else
    terminal.out.write(
      `${alignTable([
        ['on this machine', 'architecture', 'revision', 'weights', 'runs here'],
        ...models.map((m) => [
          m.id,
          m.architecture,
          m.revision.slice(0, 8),
          formatBytes(m.bytes),
          m.runs ? 'yes' : m.why,
        ]),
      ])}\n`,
    )
  return models
}

/** A folder on the disk comes before a name; an unknown short name is an error with the nearest one. */
async function namedModel(model: string): Promise<ModelEntry | undefined> {
  const { existsSync } = await import('node:fs')
  if (existsSync(model)) return undefined
  const { modelByName, requireModel } = await import('../data/models/index.ts')
  return /^[\w.-]+(@.+)?$/.test(model) ? requireModel(model) : modelByName(model)
}

async function prepared(model: string, entry: ModelEntry | undefined, flags: ShowFlags): Promise<EncoderInfo> {
  const { prepareEncoder } = await import('../study/prepare.ts')
  const { encoderSpec } = await import('./encoder-flags.ts')
  const { recipe, layout } = entry?.recipe ?? {}
  const spec = await encoderSpec(model, { ...(recipe ? { recipe } : {}), ...(layout ? { layout } : {}) })
  const workspace = await openWorkspace(flags.workspace)
  return (await prepareEncoder(spec, workspace, flags.offline ? { offline: true } : {})).info
}

/** What an encoder made of a named model will be, or why that cannot be told. Nothing is fetched. */
async function atHand(
  model: string,
  entry: ModelEntry,
  flags: ShowFlags,
): Promise<{ info?: EncoderInfo; why?: string }> {
  if (entry.kind === 'adapter') return { why: 'LoRA weights for another model: no engine takes them yet.' }
  const { FieldtrialError } = await import('../core/errors.ts')
  try {
    return { info: await prepared(model, entry, { ...flags, offline: true }) }
  } catch (error) {
    if (!(error instanceof FieldtrialError)) throw error
    if (error.code === 'OFFLINE')
      return { why: 'Its files are not on this machine; a study that names it fetches them.' }
    return { why: [error.message, error.hint].filter(Boolean).join(' ') }
  }
}

async function writeInfo(terminal: Terminal, info: EncoderInfo): Promise<void> {
  const { describePrompt } = await import('../recipes/index.ts')
  const { recipe } = info
  const prompt = (side: 'query' | 'document') => recipe.prompts[side].map(describePrompt).join('; ')
  const { query, document } = recipe.maxLength
  terminal.out.write(
    alignTable([
      ['model', info.model],
      ['engine', info.engine],
      ['parameters', formatParameters(info.parameters)],
      ['weights in memory', info.weightBytes === null ? 'unknown' : formatBytes(info.weightBytes)],
      ['dimension', String(info.dimension ?? 'unknown')],
      ['recipe', `${recipe.id} (${recipe.source})`],
      ['query prompt', prompt('query')],
      ['document prompt', prompt('document')],
      ['pooling', recipe.pooling.join(' + ')],
      ['normalised', recipe.normalize ? 'yes' : 'no'],
      ['maximum length', query === document ? `${query} tokens` : `${query} tokens (query), ${document} (document)`],
      ['similarity', recipe.similarity],
    ]),
  )
  for (const warning of info.warnings) terminal.out.write(`${terminal.outColors.yellow('warning')}: ${warning}\n`)
}
