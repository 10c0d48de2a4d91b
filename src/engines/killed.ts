/** Signals by which others end a process; one that fails by itself gets none of these. */
const FROM_OUTSIDE: ReadonlySet<NodeJS.Signals | null> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'])

/** Whether a process was ended from outside: what it was at may well go through another time. */
export function wasKilled(signal: NodeJS.Signals | null): boolean {
  return FROM_OUTSIDE.has(signal)
}
