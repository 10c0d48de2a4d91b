import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { shellQuoted } from './shell.ts'

test('plain words stay as they are; a shell reads all others as one word', () => {
  expect(shellQuoted('collections/a-b_1.c')).toBe('collections/a-b_1.c')
  for (const word of ['my data', "it's", '$HOME', '', 'a\nb', '*'])
    expect(execFileSync('sh', ['-c', `printf %s ${shellQuoted(word)}`], { encoding: 'utf8' })).toBe(word)
})
