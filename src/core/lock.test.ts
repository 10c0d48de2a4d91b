import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withLock } from './lock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-lock-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('withLock', () => {
  it('lets only one holder in at a time, and everyone in the end', async () => {
    let inside = 0
    let most = 0
    const waits: string[] = []
    const enter = () =>
      withLock(
        join(folder, 'a.lock'),
        async () => {
          inside++
          most = Math.max(most, inside)
          await sleep(20)
          inside--
        },
        { pollMs: 5, onWait: (who) => waits.push(who) },
      )
    await Promise.all([enter(), enter(), enter(), enter()])
    expect(most).toBe(1)
    expect(waits.length).toBeGreaterThan(0)
    expect(waits[0]).toContain(`process ${process.pid}`)
  })

  it('takes over the lock of a process that died', async () => {
    const path = join(folder, 'dead.lock')
    // Process ids stop far below this on every system that Node runs on.
    await writeFile(path, JSON.stringify({ pid: 2 ** 30, host: hostname(), token: 'x' }))
    expect(await withLock(path, async () => 'in', { timeoutMs: 2000 })).toBe('in')
    await expect(stat(path)).rejects.toThrow()
  })

  it('does not take over the lock of a live process on another machine, and says who holds it', async () => {
    const path = join(folder, 'other.lock')
    await writeFile(path, JSON.stringify({ pid: 1, host: 'elsewhere', token: 'x' }))
    await expect(withLock(path, async () => 'in', { timeoutMs: 50, pollMs: 10 })).rejects.toMatchObject({
      code: 'WORKSPACE_LOCKED',
      message: expect.stringContaining('process 1 on elsewhere'),
    })
    expect(await readFile(path, 'utf8')).toContain('elsewhere')
  })

  it('leaves a live process its lock however long it gave no sign, but not a later process with the same number', async () => {
    const path = join(folder, 'asleep.lock')
    const long = new Date(Date.now() - 10 * 60_000)
    await writeFile(path, JSON.stringify({ pid: process.pid, host: hostname(), token: 'x', born: null }))
    await utimes(path, long, long)
    await expect(withLock(path, async () => 'in', { timeoutMs: 50, pollMs: 10 })).rejects.toMatchObject({
      code: 'WORKSPACE_LOCKED',
    })
    if (process.platform !== 'linux') return
    await writeFile(path, JSON.stringify({ pid: process.pid, host: hostname(), token: 'x', born: '1' }))
    expect(await withLock(path, async () => 'in', { timeoutMs: 1000 })).toBe('in')
  })

  it('gives the lock back when the work fails', async () => {
    const path = join(folder, 'fails.lock')
    await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await withLock(path, async () => 1, { timeoutMs: 100 })).toBe(1)
  })
})
