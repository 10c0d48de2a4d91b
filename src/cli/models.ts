import type { Command } from 'commander'
import { formatBytes, formatCount } from './format.ts'
import { openWorkspace, WORKSPACE_HELP } from './options.ts'
import { alignTable } from './table.ts'
import { createTerminal } from './terminal.ts'

export function registerModels(program: Command): void {
  const models = program
    .command('models')
    .summary('list models on this machine, or look at one')
    .description(
      'Lists the models in the Hugging Face cache and whether fieldtrial can run them. A folder of your own works as well.',
    )
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial models\n  fieldtrial models show sentence-transformers/all-MiniLM-L6-v2\n  fieldtrial models show path/to/model --json',
    )
    .action(async (flags: { json?: boolean }) => {
      const terminal = createTerminal()
      const { cachedModels } = await import('../study/models.ts')
      const { models: found, cache } = await cachedModels(process.env)
      if (flags.json) terminal.out.write(`${JSON.stringify(found)}\n`)
      else if (found.length === 0)
        terminal.out.write(
          `No model in ${cache}. Name one in a study, and it will be fetched: \`fieldtrial models show sentence-transformers/all-MiniLM-L6-v2\`.\n`,
        )
      else
        terminal.out.write(
          alignTable([
            ['model', 'architecture', 'revision', 'weights', 'runs here'],
            ...found.map((m) => [
              m.id,
              m.architecture,
              m.revision.slice(0, 8),
              formatBytes(m.bytes),
              m.runs ? 'yes' : m.why,
            ]),
          ]),
        )
    })
  models
    .command('show')
    .summary('look at one model')
    .description(
      'Tells what an encoder made of a model will be: recipe with the prompts as sent, pooling, maximum length, dimension, identity. Fetches the model if it is not here.',
    )
    .argument('<model>', 'a folder, or a hub id (owner/name or owner/name@revision)')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print as JSON')
    .action(async (model: string, _flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<{ workspace?: string; offline?: boolean; json?: boolean }>()
      const terminal = createTerminal()
      const { prepareEncoder } = await import('../study/prepare.ts')
      const workspace = await openWorkspace(flags.workspace)
      const { info } = await prepareEncoder(
        {
          kind: 'dense',
          id: model,
          model: { engine: 'onnx', model, given: model, dtype: 'float32' },
          recipe: { recipe: 'sentence-transformers' },
        },
        workspace,
        { ...(flags.offline ? { offline: true } : {}) },
      )
      if (flags.json) {
        terminal.out.write(`${JSON.stringify(info)}\n`)
        return
      }
      const { recipe } = info
      terminal.out.write(
        alignTable([
          ['model', info.model],
          ['engine', info.engine],
          ['parameters', info.parameters === null ? 'unknown' : formatCount(info.parameters)],
          ['weights in memory', info.weightBytes === null ? 'unknown' : formatBytes(info.weightBytes)],
          ['dimension', String(info.dimension ?? 'unknown')],
          ['recipe', `${recipe.id} (${recipe.source})`],
          ['query prompt', JSON.stringify(recipe.prefix.query)],
          ['document prompt', JSON.stringify(recipe.prefix.document)],
          ['pooling', recipe.pooling.join(' + ')],
          ['normalised', recipe.normalize ? 'yes' : 'no'],
          ['maximum length', `${recipe.maxLength} tokens`],
          ['similarity', recipe.similarity],
        ]),
      )
      for (const warning of info.warnings) terminal.out.write(`${terminal.outColors.yellow('warning')}: ${warning}\n`)
    })
}
