/** One thing that was looked at. A warning is worth knowing but does not make numbers wrong. */
export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed'
  /** What was seen, in words or figures. */
  readonly detail: string
  readonly hint?: string
}
