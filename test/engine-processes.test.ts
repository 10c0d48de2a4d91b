import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from './support/cli.ts'
import { TINY, writeCollection } from './support/collections.ts'
import { describeTransformers, pythonPath } from './support/python.ts'
import { writeTinyDecoder } from './support/tiny-gguf.ts'
import { isAlive } from './support/torch.ts'

/*
 * The processes of engines torch and llama while a study runs: killed in the middle of a shard, or stopped by Ctrl-C. A terminal sends that to
 * every process of the group in front, so the engine's must be in another.
 */
const DOCUMENTS = 1200
const ENGINES = {
  torch: { given: './qwen2', command: 'fieldtrial_worker$' },
  llama: { given: './qwen2.gguf', command: 'llama/llama-worker' },
} as const

describeTransformers('the processes of a study', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldtrial-processes-'))
    await writeTinyDecoder(folder, 'qwen2')
    const more = Array.from({ length: DOCUMENTS }, (_, i) => ({
      _id: `more-${i}`,
      title: '',
      text: `${i} words of rock and dough`,
    }))
    await writeCollection(join(folder, 'many'), { ...TINY, documents: [...TINY.documents, ...more] })
    for (const [engine, { given }] of Object.entries(ENGINES))
      await writeFile(
        join(folder, `${engine}.yaml`),
        `name: ${engine}\ncollections: [./many]\nmodels: [{id: it, model: ${given}, engine: ${engine}, device: cpu, maxLength: 16, recipes: [last-token]}]\n`,
      )
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** The study's process of the engine with that parent; null where there is none. */
  const processOf = (engine: keyof typeof ENGINES, parent: number): number | null => {
    try {
      return Number(execFileSync('pgrep', ['-P', String(parent), '-f', ENGINES[engine].command]))
    } catch {
      return null
    }
  }

  /** Runs the study, and does something once vectors are under way; its process then. */
  const run = async (engine: keyof typeof ENGINES, name: string, once?: (parent: number, worker: number) => void) => {
    const temporary = join(folder, `tmp-${name}`)
    await mkdir(temporary, { recursive: true })
    let worker = 0
    let over = false
    const watch = async (parent: number) => {
      while (!over && worker === 0) {
        await sleep(20)
        if (!(await underWay(join(folder, name, 'vectors')))) continue
        const found = processOf(engine, parent)
        if (found === null) continue
        worker = found
        once?.(parent, worker)
      }
    }
    const result = await runCli(['run', `${engine}.yaml`, '-w', name, '-o', `out-${name}`], {
      cwd: folder,
      env: { FIELDTRIAL_PYTHON: pythonPath, OMP_NUM_THREADS: '1', TMPDIR: temporary },
      onStart: (child) => void watch(child.pid!),
    })
    over = true
    return { ...result, worker, left: (await readdir(temporary)).filter((name) => name.startsWith('fieldtrial')) }
  }
  const groupOf = (pid: number) => execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  /** The journal is made when the first vectors are kept. */
  const underWay = async (vectors: string) => {
    const [store] = await readdir(vectors).catch(() => [])
    return store !== undefined && existsSync(join(vectors, store, 'journal.jsonl'))
  }
  const runsOf = (name: string) => readFile(join(folder, `out-${name}`, 'runs', 'many.it.trec'), 'utf8')

  describe.each(Object.keys(ENGINES) as (keyof typeof ENGINES)[])('of engine %s', { timeout: 180_000 }, (engine) => {
    it('may be killed in the middle: the ranking is that of a run that nobody disturbed', async () => {
      const whole = await run(engine, `${engine}-whole`)
      expect(whole.code, whole.stderr).toBe(0)
      const killed = await run(engine, `${engine}-killed`, (_, worker) => process.kill(worker, 'SIGKILL'))
      expect(killed.worker).toBeGreaterThan(0)
      expect(killed.code, killed.stderr).toBe(0)
      expect(await runsOf(`${engine}-killed`)).toBe(await runsOf(`${engine}-whole`))
      expect(killed.left).toEqual([])
    })

    it('are gone after Ctrl-C, which a terminal does not send to them, and the study goes on afterwards', async () => {
      const name = `${engine}-stopped`
      const groups: string[] = []
      const stopped = await run(engine, name, (parent, worker) => {
        groups.push(groupOf(parent), groupOf(worker))
        process.kill(parent, 'SIGINT')
      })
      expect(new Set(groups).size).toBe(2)
      expect(stopped.code, stopped.stderr).toBe(130)
      expect(stopped.stderr).toContain('finished work is kept')
      for (let i = 0; i < 40 && isAlive(stopped.worker); i++) await sleep(50)
      expect(isAlive(stopped.worker)).toBe(false)
      expect(stopped.left).toEqual([])
      const resumed = await run(engine, name)
      expect(resumed.code, resumed.stderr).toBe(0)
      expect(await runsOf(name)).toBe(await runsOf(`${engine}-whole`))
    })
  })
})
