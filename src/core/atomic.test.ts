import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  asWriteError,
  makeFolder,
  removeLeftovers,
  scratchName,
  takeApart,
  temporaryName,
  writeAtomic,
} from './atomic.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-atomic-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('makeFolder', () => {
  it('makes folders above, many callers at once, and gives up where none can be made', async () => {
    const deep = join(folder, 'a', 'b', 'c', 'd')
    await Promise.all(Array.from({ length: 20 }, (_, i) => makeFolder(join(deep, String(i % 3)))))
    expect((await readdir(deep)).sort()).toEqual(['0', '1', '2'])
    await writeFile(join(folder, 'file'), '')
    await expect(makeFolder(join(folder, 'file', 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' })
    if (process.platform === 'linux')
      await expect(makeFolder('/proc/fieldtrial/x')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('writeAtomic', () => {
  it('writes text, bytes and pieces, making folders on the way, and leaves nothing else behind', async () => {
    await writeAtomic(join(folder, 'a', 'text'), 'Grüße')
    await writeAtomic(join(folder, 'a', 'bytes'), Uint8Array.of(1, 2))
    await writeAtomic(join(folder, 'a', 'pieces'), async (file) => {
      await file.write('one ')
      await file.write('two')
    })
    expect(await readFile(join(folder, 'a', 'text'), 'utf8')).toBe('Grüße')
    expect(await readFile(join(folder, 'a', 'pieces'), 'utf8')).toBe('one two')
    expect((await readdir(join(folder, 'a'))).sort()).toEqual(['bytes', 'pieces', 'text'])
  })

  it('keeps the old content when writing fails half-way', async () => {
    const path = join(folder, 'file')
    await writeFile(path, 'old')
    await expect(
      writeAtomic(path, async (file) => {
        await file.write('half')
        throw new Error('broken')
      }),
    ).rejects.toThrow('broken')
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['file'])
  })

  it('removes what a killed process left, and nothing of a running one', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const left = (name: string, pid: number) => `${name}.${pid}-0123abcd.partial`
    const names = [
      'out',
      'out.txt.partial',
      left('out', process.pid),
      left('out', child.pid!),
      left('other', child.pid!),
    ]
    await Promise.all(names.map((name) => mkdir(join(folder, name, 'deep'), { recursive: true })))
    await removeLeftovers(join(folder, 'out'))
    expect((await readdir(folder)).sort()).toEqual(names.sort())
    child.kill('SIGKILL')
    await once(child, 'close')
    await removeLeftovers(join(folder, 'out'))
    expect((await readdir(folder)).sort()).toEqual(names.filter((name) => name !== left('out', child.pid!)))
    await removeLeftovers(join(folder, 'absent', 'out'))
  })

  it('tells from a name which process it belongs to', () => {
    expect(takeApart(basename(temporaryName('/w/out.gguf')))).toEqual({
      of: 'out.gguf',
      pid: process.pid,
      kind: 'partial',
    })
    expect(takeApart(basename(scratchName('/w/fuse-search')))).toEqual({
      of: 'fuse-search',
      pid: process.pid,
      kind: 'scratch',
    })
    for (const name of ['out', 'out.partial', 'out.12-0123.partial', 'out-12-0123abcd.partial', 'out.12-0123abcd'])
      expect(takeApart(name)).toBeNull()
  })

  it('says what to do when the disk is full', () => {
    const error = asWriteError(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }), 'x')
    expect(error).toMatchObject({ code: 'DISK_FULL', exitCode: 6, hint: expect.stringContaining('fieldtrial clean') })
  })
})
