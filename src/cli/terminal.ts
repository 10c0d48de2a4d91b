import { createColors } from 'picocolors'

/** Where a command writes: results to standard output, everything else to standard error. */
export interface Terminal {
  readonly out: NodeJS.WriteStream
  readonly err: NodeJS.WriteStream
  /** Colours for standard error and for standard output: off where NO_COLOR is set or no person watches. */
  readonly errColors: ReturnType<typeof createColors>
  readonly outColors: ReturnType<typeof createColors>
  readonly quiet: boolean
}

export function createTerminal(options: { readonly quiet?: boolean } = {}): Terminal {
  const colours = (stream: NodeJS.WriteStream) => createColors(wantsColor(stream, process.env))
  return {
    out: process.stdout,
    err: process.stderr,
    errColors: colours(process.stderr),
    outColors: colours(process.stdout),
    quiet: options.quiet ?? false,
  }
}

/** NO_COLOR (any value but the empty one) wins over FORCE_COLOR, which wins over what the stream is; see no-color.org. */
export function wantsColor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return stream.isTTY === true && env.TERM !== 'dumb'
}

/** Writes a line to standard error unless the user asked for quiet. */
export function say(terminal: Terminal, line: string): void {
  if (!terminal.quiet) terminal.err.write(`${line}\n`)
}
