import { existsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { basename, dirname, relative, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { InitCollection } from '../study/init/study-text.ts'
import { collectOwn, type OwnData } from './init-own.ts'
import { askInit } from './init-questions.ts'
import { interruptible } from './interrupt.ts'
import { collect } from './options.ts'
import { createTerminal, say } from './terminal.ts'

export interface InitFlags {
  code?: string[]
  docs?: string[]
  collection?: string[]
  model?: string[]
  memory?: number
  recipe?: string[]
  bm25: boolean
  name?: string
  yes?: boolean
  force?: boolean
  quiet?: boolean
}

export function registerInit(program: Command): void {
  program
    .command('init')
    .summary('write a study file for your own data')
    .description(
      'Asks a few questions, or takes flags, and writes a study file with comments that `fieldtrial run` runs. Folders of code and documentation are made into collections beside it.',
    )
    .argument('[file]', 'the study file', 'study.yaml')
    .option('--code <dir>', 'folder of code: `collect code` makes a collection of it; repeat it', collect)
    .option('--docs <dir>', 'folder of documentation: `collect docs` makes a collection of it; repeat it', collect)
    .option(
      '-c, --collection <source>',
      'a collection that there is already, or a name of `datasets`; repeat it',
      collect,
    )
    .option('--model <name>', 'a model: name, folder or hub id; repeat it', collect)
    .option('--memory <gb>', 'take models that fit into so much memory', gigabytes)
    .option('--recipe <name>', 'recipe of the models given with --model; repeat it', collect)
    .option('--no-bm25', 'without BM25')
    .option('--name <name>', 'name of the study (default: that of its folder)')
    .option('-y, --yes', 'ask nothing; also where standard input is no terminal')
    .option('--force', 'replace the study file if it is there')
    .option('-q, --quiet', 'no progress')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial init\n  fieldtrial init --code src --docs docs --memory 8\n  fieldtrial init -c beir/scifact --model all-minilm-l6-v2 --yes',
    )
    .action(async (file: string, flags: InitFlags) => {
      const terminal = createTerminal({ quiet: flags.quiet ?? false })
      const target = resolve(file)
      if (existsSync(target) && !flags.force)
        throw new FieldtrialError('USAGE', `${file} is there already.`, {
          hint: 'Name another file, or replace it with --force.',
          where: { file },
        })
      const asks = !flags.yes && process.stdin.isTTY === true && process.stderr.isTTY === true
      const answers = asks ? await askInit(flags) : flags
      const own = ownData(answers)
      if (own.length === 0 && !answers.collection?.length)
        throw new FieldtrialError('USAGE', 'There is nothing to search: no folder and no collection is named.', {
          hint: 'Give --code DIR, --docs DIR or --collection SOURCE, or run it in a terminal to be asked.',
        })
      if (answers.recipe && !answers.model)
        throw new FieldtrialError('USAGE', '--recipe is for models given with --model, and there are none.', {
          hint: 'Give --model NAME too, or leave --recipe out.',
        })
      const { checkNames } = await import('../study/init/check-names.ts')
      checkNames(answers.collection ?? [], answers.model ?? [])
      process.exitCode = await interruptible(terminal, async (signal) => {
        const made = await collectOwn(own, dirname(target), terminal, signal)
        const named = (answers.collection ?? []).map((source) => ({ source: besideStudy(source, dirname(target)) }))
        await writeStudy(target, answers, [...made, ...named])
        say(terminal, `Study file: ${file}`)
        terminal.out.write(`fieldtrial run ${file}\n`)
        return 0
      })
    })
}

function gigabytes(value: string): number {
  const number = Number(value)
  if (!(number > 0)) throw new InvalidArgumentError('It must be a number of gigabytes.')
  return number
}

function ownData({ code = [], docs = [] }: InitFlags): OwnData[] {
  return [
    ...code.map((folder) => ({ what: 'code' as const, folder })),
    ...docs.map((folder) => ({ what: 'docs' as const, folder })),
  ]
}

/** A folder is named relative to the study file; other sources as they are. */
function besideStudy(source: string, folder: string): string {
  if (!existsSync(source)) return source
  const path = relative(folder, resolve(source))
  return path.startsWith('.') ? path : `./${path}`
}

async function writeStudy(file: string, flags: InitFlags, collections: readonly InitCollection[]): Promise<void> {
  const { writeAtomic } = await import('../core/atomic.ts')
  const { parseStudy } = await import('../study/parse.ts')
  const { suggestModels } = await import('../study/init/suggest.ts')
  const { studyText } = await import('../study/init/study-text.ts')
  const code = (flags.code?.length ?? 0) > 0
  const memory = flags.memory === undefined ? totalmem() : flags.memory * 1e9
  const suggested = suggestModels(memory, code ? 'code' : 'text').map(({ bytes, why, recipe, ...model }) => ({
    ...model,
    ...(recipe ? { recipes: [Object.keys(recipe).length === 1 ? recipe.recipe : recipe] } : {}),
    why: `${(bytes / 1e9).toFixed(2)} GB; ${why}`,
  }))
  const named = (flags.model ?? []).map((model) => ({
    model: besideStudy(model, dirname(file)),
    ...(flags.recipe ? { recipes: flags.recipe } : {}),
  }))
  const models = named.length > 0 ? named : flags.memory === undefined ? [] : suggested
  if (!flags.bm25 && models.length === 0)
    throw new FieldtrialError('USAGE', 'Neither BM25 nor a model is to be tried.', {
      hint: 'Leave --no-bm25 out, or give --model NAME or --memory GB.',
    })
  const text = studyText({
    name: flags.name ?? (basename(dirname(file)) || 'study'),
    collections,
    code,
    bm25: flags.bm25,
    models,
    suggested,
  })
  // What this writes must be what `run` reads; a flag with a wrong name is told of before anything is written.
  parseStudy(text, file)
  await writeAtomic(file, text)
}
