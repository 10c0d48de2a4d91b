import { readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/files.ts'
import { asReadError } from './read-error.ts'

test('what cannot be read is told by its path; other errors stay as they are', async () => {
  const folder = await temporaryFolder()
  const loop = join(folder, 'loop')
  await symlink(loop, loop)
  for (const [reading, code] of [
    [readFile(loop), 'ELOOP'],
    [readdir(join(folder, 'none')), 'ENOENT'],
  ] as const)
    expect(asReadError(await reading.catch((thrown: unknown) => thrown))).toMatchObject({
      code: 'DATA_MISSING',
      message: expect.stringContaining(`cannot be read (${code})`),
    })
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', path: 'data/corpus.jsonl' })
  expect(asReadError(denied)).toMatchObject({ message: 'data/corpus.jsonl cannot be read (EACCES).' })
  const bug = new TypeError('undefined is not a function')
  expect(asReadError(bug)).toBe(bug)
})
