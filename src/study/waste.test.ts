import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/files.ts'
import { withLock } from '../core/lock.ts'
import { Workspace } from '../core/workspace.ts'
import { findWaste, removeWaste } from './waste.ts'

/** Number of a process that has just ended. */
const gone = spawnSync(process.execPath, ['-e', '']).pid
const left = (name: string, pid = gone) => `${name}.${pid}-0123abcd.partial`

let workspace: Workspace
const write = async (path: string) => {
  await mkdir(dirname(workspace.path(path)), { recursive: true })
  await writeFile(workspace.path(path), 'twelve bytes')
}
const age = (path: string, hours: number) => {
  const then = new Date(Date.now() - hours * 3600_000)
  return utimes(workspace.path(path), then, then)
}
const names = async (all = false) => (await findWaste(workspace, { all })).map(({ name }) => name).sort()
const clean = async (all = false) => {
  const removed: string[] = []
  const waste = await findWaste(workspace, { all })
  await removeWaste(workspace, waste, { onRemoved: ({ name }) => removed.push(name) })
  return removed.sort()
}

beforeEach(async () => {
  workspace = await Workspace.open(join(await temporaryFolder(), 'ws'))
  await write('vectors/needed/shard')
  await writeFile(join(await made('studies'), 'one.json'), JSON.stringify({ study: 'one', needs: ['vectors/needed'] }))
})

async function made(folder: string): Promise<string> {
  await mkdir(workspace.path(folder), { recursive: true })
  return workspace.path(folder)
}

describe('what processes that are gone have left', () => {
  const theirs = [
    left('workspace.json'),
    left('cache/converted/0123.gguf'),
    `${left('cache/gguf/key')}/config.json`,
    `${left('cache/bundled/nano-base-0123')}/config.json`,
    left('cache/quantized/0123/weight.safetensors'),
    left('vectors/needed/shard'),
    `${left('merges/fresh')}/model.safetensors`,
    `cache/fuse-search-${gone}-0123abcd/documents/shard`,
    `cache/sample-${gone}-0123abcd/corpus.jsonl`,
  ]
  const folders = theirs.map((path) => path.replace(/(\.partial|cache\/(?:fuse-search|sample)-[^/]*)\/.*/, '$1'))

  it('is removed always, and with it the lock that one held', async () => {
    for (const path of theirs) await write(path)
    await writeFile(
      workspace.path('cache/converted/0123.gguf.lock'),
      JSON.stringify({ pid: gone, host: hostname(), token: 'x', born: null }),
    )
    const waste = await findWaste(workspace, { all: false })
    expect(waste.map(({ bytes }) => bytes)).toEqual(theirs.map(() => 12))
    expect(await clean()).toEqual([...folders].sort())
    expect(await readdir(workspace.path('cache/converted'))).toEqual([])
    expect(existsSync(workspace.path('vectors/needed/shard'))).toBe(true)
    expect(await names()).toEqual([])
  })

  it('is told from what lives, from what users named, and by its age where no process is named', async () => {
    const own = theirs.map((path) => path.replaceAll(String(gone), String(process.pid)))
    for (const path of [
      ...own,
      `collections/sample-${gone}-0123abcd/corpus.jsonl`,
      'cache/fuse-search-a1B2c3/documents/shard',
    ])
      await write(path)
    expect(await names()).toEqual([])
    await age('cache/fuse-search-a1B2c3', 25)
    const old = left('vectors/needed/shard', process.pid)
    await age(old, 2)
    expect(await clean()).toEqual(['cache/fuse-search-a1B2c3', old])
  })

  it('is spared while somebody holds its lock, such as one on another machine', async () => {
    const path = left('cache/converted/0123.gguf')
    await write(path)
    await withLock(workspace.path('cache/converted/0123.gguf.lock'), async () => expect(await clean()).toEqual([]))
    expect(await clean()).toEqual([path])
  })
})

describe('copies of models', () => {
  const copies = ['cache/bundled/nano-base-0123', 'cache/converted/0123.gguf', 'cache/gguf/key', 'cache/quantized/0123']

  it('stay, unless everything is to go; what is being made, and what is no copy, stays even then', async () => {
    for (const path of copies) await write(path.endsWith('.gguf') ? path : `${path}/file`)
    const fresh = left('cache/converted/4567.gguf', process.pid)
    for (const path of [fresh, 'cache/rates.json', 'collections/mine/corpus.jsonl']) await write(path)
    expect(await names()).toEqual([])
    await withLock(workspace.path('cache/converted/0123.gguf.lock'), async () =>
      expect(await clean(true)).toEqual([...copies.filter((path) => !path.endsWith('.gguf')), 'vectors/needed']),
    )
    expect(await clean(true)).toEqual(['cache/converted/0123.gguf'])
    for (const path of [fresh, 'cache/rates.json', 'collections/mine/corpus.jsonl'])
      expect(existsSync(workspace.path(path))).toBe(true)
  })
})
