import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { EncoderInput, PromptPreview } from '../engines/types.ts'
import { type EncoderFlags, encoderSpec, withEncoderFlags } from './encoder-flags.ts'
import { openWorkspace, WORKSPACE_HELP } from './options.ts'
import { alignTable } from './table.ts'
import { createTerminal, type Terminal } from './terminal.ts'

interface ShowFlags extends EncoderFlags {
  model: string
  text?: string
  image?: string
  side?: 'query' | 'document' | 'both'
  task?: string
  workspace?: string
  offline?: boolean
  json?: boolean
}

export function registerRecipe(program: Command): void {
  const recipe = program
    .command('recipe')
    .summary('list recipes, or see what a model is given')
    .description('How language models become retrievers: prompts, pooled tokens, layer, attention.')
  recipe
    .command('list')
    .summary('all recipes with their sources and parameters')
    .option('--json', 'print as JSON')
    .action(async (flags: { json?: boolean }) => {
      const { out } = createTerminal()
      const { RECIPES } = await import('../recipes/index.ts')
      const rows = RECIPES.map(({ id, summary, source, parameters }) => ({ id, summary, source, parameters }))
      if (flags.json) out.write(`${JSON.stringify(rows)}\n`)
      else
        for (const { id, summary, source, parameters } of rows)
          out.write(`${id}\n  ${summary}\n  from: ${source}\n  parameters: ${parameters.join(', ')}\n\n`)
    })
  withEncoderFlags(
    recipe
      .command('show')
      .summary('the prompt as a model gets it, token by token')
      .description(
        'Prints the exact tokens that a model is given for a text or an image, which of them are pooled, and what was cut. Loads the tokenizer, not the model.',
      )
      .argument('<recipe>', 'a recipe (see `fieldtrial recipe list`)')
      .requiredOption('--model <folder or id>', 'the model')
      .option('--text <text>', 'the query or document')
      .option('--image <file>', 'its picture, for models that see')
      .option('--side <side>', 'query, document or both', 'both')
      .option('--task <text>', 'task instruction, for recipes that take one'),
  )
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial recipe show promptreps --model qwen2.5-coder-7b-instruct --text "how to sort a dict"\n  fieldtrial recipe show instruct --layout qwen3 --model Qwen/Qwen3-Embedding-0.6B --text "what is BM25" --side query',
    )
    .action(async (id: string, flags: ShowFlags) => {
      const terminal = createTerminal()
      const input = inputOf(flags)
      const { prepareEncoder } = await import('../study/prepare.ts')
      const { GENERIC_TASK } = await import('../recipes/index.ts')
      const workspace = await openWorkspace(flags.workspace)
      const spec = await encoderSpec(flags.model, { ...flags, recipe: id })
      const { info, preview } = await prepareEncoder(spec, workspace, flags.offline ? { offline: true } : {})
      const sides =
        flags.side === 'query' || flags.side === 'document' ? [flags.side] : (['query', 'document'] as const)
      const task = flags.task ?? GENERIC_TASK.instruction
      const prompts = await Promise.all(
        sides.map(async (side) => ({ side, prompts: (await preview?.(input, side, task)) ?? [] })),
      )
      if (flags.json) {
        terminal.out.write(`${JSON.stringify({ recipe: info.recipe, warnings: info.warnings, sides: prompts })}\n`)
        return
      }
      describeRecipe(terminal, info.recipe)
      for (const { side, prompts: views } of prompts)
        for (const [i, view] of views.entries()) {
          const which = views.length > 1 ? ` ${i + 1} of ${views.length}` : ''
          terminal.out.write(`\n${terminal.outColors.bold(`${side}${which}`)}: ${countsOf(view)}\n`)
          terminal.out.write(tokenTable(view))
        }
      for (const warning of info.warnings) terminal.out.write(`${terminal.outColors.yellow('warning')}: ${warning}\n`)
    })
}

function inputOf({ text, image }: ShowFlags): EncoderInput {
  if (image !== undefined) return { text: text ?? '', image: { path: image, bytes: () => readPicture(image) } }
  if (text !== undefined) return text
  throw new FieldtrialError('USAGE', 'There is nothing to show: give --text, --image, or both.')
}

async function readPicture(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new FieldtrialError('DATA_MISSING', `There is no picture ${file}, or it may not be read.`, {
      where: { file },
      hint: 'Check the path.',
      cause,
    })
  }
}

function describeRecipe({ out }: Terminal, recipe: import('../recipes/types.ts').Recipe): void {
  const { query, document } = recipe.maxLength
  out.write(
    alignTable([
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
        'kept',
        `${query === document ? query : `${query} (query), ${document} (document)`} tokens of the ${recipe.lengthOf === 'prompt' ? 'whole prompt' : 'text alone'}`,
      ],
      ['sparse half', recipe.sparse === null ? 'none' : `${recipe.sparse.terms} terms at most`],
      ['normalised', recipe.normalize ? 'yes' : 'no'],
    ]),
  )
}

const SPANS = {
  all: 'the whole prompt',
  'from-contents': 'all tokens from the text on',
  'after-prompt': 'the tokens behind the prompt',
} as const

function countsOf({ tokens, truncated, cutTokens }: PromptPreview): string {
  const pooled = tokens.filter((token) => token.pooled).length
  return `${tokens.length} tokens, ${pooled} pooled, ${truncated ? `${cutTokens} of the text cut off` : 'nothing cut'}`
}

function tokenTable({ tokens }: PromptPreview): string {
  return alignTable([
    ['', 'id', 'token', 'part', 'pooled'],
    ...runs(tokens).map(([from, count]) => {
      const { id, piece, pooled, contents } = tokens[from]!
      return [
        count === 1 ? String(from) : `${from}–${from + count - 1}`,
        String(id),
        `${JSON.stringify(piece)}${count === 1 ? '' : ` × ${count}`}`,
        contents ? 'text' : 'fixed',
        pooled ? '●' : '',
      ]
    }),
  ])
}

/** Where equal tokens in a row begin, and how many they are: an image takes hundreds. Shorter rows stay apart. */
function runs(tokens: PromptPreview['tokens']): [from: number, count: number][] {
  const found: [number, number][] = []
  for (let at = 0; at < tokens.length; ) {
    let end = at + 1
    while (tokens[end]?.id === tokens[at]!.id && tokens[end]?.pooled === tokens[at]!.pooled) end++
    const count = end - at
    if (count >= SHORTEST_RUN) found.push([at, count])
    else for (let i = at; i < end; i++) found.push([i, 1])
    at = end
  }
  return found
}

const SHORTEST_RUN = 4
