import { describe, expect, it } from 'vitest'
import { ERROR_CODES, FieldtrialError, formatWhere, systemCode, throwIfAborted } from './errors.ts'

describe('FieldtrialError', () => {
  it('carries code, place, hint and the exit code that belongs to the code', () => {
    const error = new FieldtrialError('DATA_INVALID', 'Line 3 is not JSON.', {
      hint: 'Mend it.',
      where: { file: 'corpus.jsonl', line: 3, column: 7 },
    })
    expect(error.exitCode).toBe(3)
    expect(formatWhere(error.where)).toBe('corpus.jsonl:3:7')
    expect(formatWhere({ file: 'study.yaml', line: 2, column: 1, field: 'models[0]' })).toBe('study.yaml:2:1 models[0]')
    expect(formatWhere({ file: 'a', column: 5 })).toBe('a')
    expect(formatWhere(undefined)).toBe('')
  })

  it('has exit codes that shells can tell from success and from signals', () => {
    for (const { exit } of Object.values(ERROR_CODES)) expect(exit === 130 || (exit > 0 && exit < 126)).toBe(true)
  })

  it('knows system errors and aborted signals', () => {
    expect(systemCode(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('ENOENT')
    expect(systemCode(null)).toBeUndefined()
    expect(() => throwIfAborted(AbortSignal.abort())).toThrowError(
      expect.objectContaining({ code: 'CANCELLED', exitCode: 130 }),
    )
    expect(() => throwIfAborted(undefined)).not.toThrow()
  })
})
