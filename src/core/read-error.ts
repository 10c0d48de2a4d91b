import { FieldtrialError, systemCode } from './errors.ts'

const UNREADABLE = ['EACCES', 'EPERM', 'ELOOP', 'EIO', 'ENOENT', 'ENOTDIR']

/** Gives failed reads of files and folders that the user named a message that says what to do; other errors stay as they are. */
export function asReadError(error: unknown): unknown {
  const code = systemCode(error) ?? ''
  const path = pathOf(error)
  if (path === undefined || !UNREADABLE.includes(code)) return error
  return new FieldtrialError('DATA_MISSING', `${path} cannot be read (${code}).`, {
    hint: 'Check that it is there and that you may read it.',
    where: { file: path },
    cause: error,
  })
}

/** The path that a system error is about, if it says one. */
export function pathOf(error: unknown): string | undefined {
  const path = error instanceof Error && 'path' in error ? error.path : undefined
  return typeof path === 'string' ? path : undefined
}
