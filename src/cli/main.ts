import { Command, CommanderError } from 'commander'
import { ERROR_CODES } from '../core/errors.ts'
import { VERSION } from '../core/version.ts'
import { registerClean } from './clean.ts'
import { registerCollect } from './collect.ts'
import { registerCompare } from './compare.ts'
import { registerCompletion } from './completion.ts'
import { registerDatasets } from './datasets.ts'
import { registerDoctor } from './doctor.ts'
import { registerExport } from './export.ts'
import { registerFuse } from './fuse.ts'
import { registerInit } from './init.ts'
import { registerLint } from './lint.ts'
import { registerMeasure } from './measure.ts'
import { registerMerge } from './merge.ts'
import { registerMine } from './mine.ts'
import { registerModels } from './models.ts'
import { printError } from './print-error.ts'
import { registerPublished } from './published.ts'
import { registerQuickstart } from './quickstart.ts'
import { registerRecipe } from './recipe.ts'
import { registerReport } from './report.ts'
import { registerRun } from './run.ts'
import { registerSample } from './sample.ts'
import { registerSetup } from './setup.ts'
import { createTerminal } from './terminal.ts'
import { registerTrain } from './train.ts'

/** The whole command line, without running anything: for help, completion and the docs. */
export function createProgram(): Command {
  const program = new Command('fieldtrial')
    .description('Which language model makes the best retriever for my text, my code and my images?')
    .version(VERSION, '-V, --version')
    .showSuggestionAfterError()
    .showHelpAfterError('(run with --help for usage)')
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  fieldtrial quickstart                            a first study out of what is on this machine
  fieldtrial init --code src                       a study file, and a collection made of your own code
  fieldtrial run study.yaml                        run a study, or what is left of it
  fieldtrial run --collection DIR --retriever bm25 --retriever MODEL -m nDCG@10
  fieldtrial lint data/my-docs                     duplicates, leaks, ceilings, cut texts, missing judgments
  fieldtrial sample data/large --documents 20000 -o data/small   a smaller collection, and what that does to scores
  fieldtrial recipe show promptreps --model M --text T   what a model is given, token by token
  fieldtrial measure qrels.txt run.txt -m nDCG@10 -m R@100
  fieldtrial compare qrels.txt baseline.txt other.txt
  fieldtrial fuse --results results/study --search   the best combination within limits of cost

Exit codes: 0 done, 2 usage or study file, 3 data, 4 model or engine, 5 network, 6 workspace or disk, 130 stopped, 1 a bug.`,
    )
  // Commands load what they need when they run: help must come at once.
  for (const register of [
    registerRun,
    registerQuickstart,
    registerInit,
    registerTrain,
    registerReport,
    registerMeasure,
    registerCompare,
    registerFuse,
    registerCollect,
    registerDatasets,
    registerPublished,
    registerLint,
    registerSample,
    registerMine,
    registerMerge,
    registerExport,
    registerModels,
    registerRecipe,
    registerDoctor,
    registerSetup,
    registerClean,
    registerCompletion,
  ])
    register(program)
  return program
}

/** Runs the command line and sets the exit code. */
export async function main(args: readonly string[]): Promise<void> {
  // A reader that went away (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  // Work that waits for something that will never come empties the event loop; without this it would look like success.
  const stalled = () => {
    process.stderr.write('error: fieldtrial stopped before its work was done. This is a bug; please report it.\n')
    process.exitCode = ERROR_CODES.INTERNAL.exit
  }
  process.once('beforeExit', stalled)
  try {
    await createProgram().parseAsync(args as string[], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
    else process.exitCode = printError(createTerminal(), error)
  } finally {
    process.off('beforeExit', stalled)
  }
}
