import { ERROR_CODES, FieldtrialError, formatWhere } from '../core/errors.ts'
import type { Terminal } from './terminal.ts'

/** Long lists of problems are cut: the first ones are mended first anyway. */
const MOST_PROBLEMS = 50

/** Prints an error for people (never a stack, unless FIELDTRIAL_DEBUG is set) and returns the exit code. */
export function printError(terminal: Terminal, error: unknown): number {
  const { errColors: c, err } = terminal
  if (!(error instanceof FieldtrialError)) {
    err.write(
      `${c.red('error')}: fieldtrial failed unexpectedly: ${error instanceof Error ? error.message : String(error)}\n`,
    )
    err.write(
      `  ${c.dim('This is a bug; please report it with the stack below.')}\n${error instanceof Error ? error.stack : ''}\n`,
    )
    return ERROR_CODES.INTERNAL.exit
  }
  err.write(error.code === 'CANCELLED' ? `${c.yellow(error.message)}\n` : `${c.red('error')}: ${error.message}\n`)
  const where = formatWhere(error.where)
  if (where && !error.message.includes(where)) err.write(`  at ${where}\n`)
  for (const problem of error.problems.slice(0, MOST_PROBLEMS)) {
    err.write(`  ${c.bold(formatWhere(problem.where))}${problem.where ? ': ' : ''}${problem.message}\n`)
    if (problem.hint) err.write(`    ${c.dim(problem.hint)}\n`)
  }
  if (error.problems.length > MOST_PROBLEMS) err.write(`  … and ${error.problems.length - MOST_PROBLEMS} more.\n`)
  if (error.hint) err.write(`  ${c.dim(error.hint)}\n`)
  if (process.env.FIELDTRIAL_DEBUG)
    err.write(`${error.stack}\n${error.cause instanceof Error ? `caused by ${error.cause.stack}\n` : ''}`)
  return error.exitCode
}
