import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { configFile, prepareTorch, setupTorch } from '../src/engines/torch/index.ts'
import { PROTOCOL } from '../src/engines/torch/protocol.ts'
import { findPython } from '../src/engines/torch/python.ts'
import { endIdle } from '../src/engines/torch/worker-pool.ts'
import type { Encoder } from '../src/engines/types.ts'
import { describeTransformers, pythonPath, runPython } from './support/python.ts'
import { isAlive, openTorch } from './support/torch.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fieldtrial-torch-worker-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** Process ids of the workers that this process has started. */
function workers(): number[] {
  try {
    const out = execFileSync('pgrep', ['-P', String(process.pid), '-f', 'fieldtrial_worker'], { encoding: 'utf8' })
    return out.trim().split('\n').map(Number).filter(isAlive)
  } catch {
    return []
  }
}

async function script(name: string, lines: string): Promise<string> {
  const file = join(root, name)
  await writeFile(file, `#!/bin/sh\n${lines}\n`)
  await chmod(file, 0o755)
  return file
}

describe('the Python of engine torch', () => {
  it('is named by FIELDTRIAL_PYTHON, else by the user’s settings, else it is told how to set it up', async () => {
    const env = { XDG_CONFIG_HOME: join(root, 'config') }
    await expect(findPython(env)).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      hint: expect.stringContaining('fieldtrial setup torch'),
    })
    expect(await findPython({ ...env, FIELDTRIAL_PYTHON: '/some/python' })).toBe('/some/python')
  })

  it.each([
    ['is not there', () => Promise.resolve(join(root, 'nowhere')), /There is no Python at .*nowhere/],
    ['is too old', () => script('old', 'echo 3.8.19'), /is Python 3\.8\.19; the engine torch needs 3\.10 or newer/],
    ['is something else', () => script('other', 'echo hello'), /says that its version is "hello"/],
    ['does not run', () => script('broken', 'exit 3'), /is not a Python that works/],
  ])('%s', async (_, python, message) => {
    await expect(prepareTorch(root, { python: await python() })).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('setup torch'),
    })
  })

  it('without PyTorch is told so', async () => {
    let bare: string
    try {
      execFileSync('python3', ['-m', 'venv', '--without-pip', join(root, 'bare')], { stdio: 'ignore' })
      bare = join(root, 'bare', 'bin', 'python')
    } catch {
      console.warn('skipped: no python3 with venv')
      return
    }
    await expect(prepareTorch(root, { python: bare })).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/has no package torch|needs 3\.10 or newer/),
    })
  })
})

describeTransformers('the worker of engine torch', () => {
  const model = () => join(root, 'models', 'qwen2')
  const OPTIONS = { recipe: 'mean', parameters: { maxLength: 200 }, batchTokens: 256 } as const
  const TEXTS = Array.from({ length: 1500 }, (_, i) =>
    `Sentence ${i} says that retrieval is an art. `.repeat(1 + (i % 4)),
  )
  let expected: Float32Array

  beforeAll(async () => {
    runPython('tiny_models.py', [join(root, 'models')])
    expected = await withEncoder(async (encoder) => (await encoder.encode(TEXTS, 'document')).vectors)
  }, 180_000)
  afterEach(async () => {
    await endIdle()
    expect(workers()).toEqual([])
  })

  async function withEncoder<T>(use: (encoder: Encoder) => Promise<T>): Promise<T> {
    const encoder = await openTorch(model(), OPTIONS)
    try {
      return await use(encoder)
    } finally {
      await encoder.close()
    }
  }

  it('is started anew where it is killed, and nothing is lost', { timeout: 120_000 }, async () => {
    await withEncoder(async (encoder) => {
      let killed: number | undefined
      const { vectors } = await encoder.encode(TEXTS, 'document', {
        onProgress: (done) => {
          if (killed !== undefined || done < 100) return
          killed = workers()[0]!
          process.kill(killed, 'SIGKILL')
        },
      })
      expect(killed).toBeDefined()
      expect(workers()).not.toContain(killed)
      expect(vectors).toEqual(expected)
    })
  })

  it('is given up where it dies again and again', { timeout: 120_000 }, async () => {
    await withEncoder(async (encoder) => {
      let stop = false
      const killer = (async () => {
        while (!stop) {
          for (const pid of workers()) process.kill(pid, 'SIGKILL')
          await sleep(20)
        }
      })()
      try {
        await expect(encoder.encode(TEXTS, 'document')).rejects.toMatchObject({
          code: 'ENGINE_FAILED',
          message: expect.stringMatching(/worker was killed/),
        })
      } finally {
        stop = true
        await killer
      }
    })
  })

  describe('that ends while it loads the model', () => {
    /** A Python whose first workers end so as soon as they are told to load, and which notes how many it has started. */
    async function ending(name: string, workers: number, signal: string): Promise<{ python: string; starts: string }> {
      const starts = join(root, `${name}.starts`)
      const hello = JSON.stringify({ id: 0, ok: true, value: { protocol: PROTOCOL } })
      const python = await script(
        name,
        `if [ "$2" = fieldtrial_worker ]; then
  echo start >> ${starts}
  if [ $(wc -l < ${starts}) -le ${workers} ]; then echo '${hello}'; read request; kill -${signal} $$; fi
fi
exec ${JSON.stringify(pythonPath)} "$@"`,
      )
      return { python, starts }
    }
    const started = async (starts: string) => (await readFile(starts, 'utf8')).split('\n').length - 1

    it('is started anew where it was killed', { timeout: 120_000 }, async () => {
      const { python, starts } = await ending('killed-once', 1, 'KILL')
      const encoder = await openTorch(model(), { ...OPTIONS, python })
      try {
        const { vectors } = await encoder.encode(TEXTS.slice(0, 10), 'document')
        expect(vectors).toEqual(expected.slice(0, vectors.length))
      } finally {
        await encoder.close()
      }
      expect(await started(starts)).toBe(2)
    })

    it('is given up where it is killed again', { timeout: 120_000 }, async () => {
      const { python, starts } = await ending('killed-always', 99, 'KILL')
      await expect(openTorch(model(), { ...OPTIONS, python })).rejects.toMatchObject({
        code: 'ENGINE_FAILED',
        message: expect.stringMatching(/not loaded, 2 times in a row\. The PyTorch worker was killed/),
        hint: expect.stringContaining('memory'),
      })
      expect(await started(starts)).toBe(2)
    })

    it('is not started again where it ended by itself', { timeout: 120_000 }, async () => {
      const { python, starts } = await ending('aborts', 99, 'ABRT')
      await expect(openTorch(model(), { ...OPTIONS, python })).rejects.toMatchObject({
        code: 'ENGINE_FAILED',
        message: expect.stringMatching(/worker was ended by SIGABRT/),
      })
      expect(await started(starts)).toBe(1)
    })
  })

  it('stops where the call is cancelled, and works on', { timeout: 120_000 }, async () => {
    await withEncoder(async (encoder) => {
      const abort = new AbortController()
      const call = encoder.encode(TEXTS, 'document', {
        signal: abort.signal,
        onProgress: (done) => {
          if (done > 50) abort.abort()
        },
      })
      await expect(call).rejects.toMatchObject({ code: 'CANCELLED' })
      const { vectors } = await encoder.encode(TEXTS.slice(0, 20), 'document')
      expect(vectors).toHaveLength(20 * encoder.info.dimension!)
    })
  })

  it('is not waited for by who gives up while Python starts', { timeout: 60_000 }, async () => {
    // Stands for a machine where importing PyTorch takes minutes: answers what it is, and ends when its input does.
    const slow = await script(
      'slow',
      `if [ "$2" = fieldtrial_worker ]; then cat >&2; exit; fi\nexec ${JSON.stringify(pythonPath)} "$@"`,
    )
    const prepared = await prepareTorch(model(), { ...OPTIONS, device: 'cpu', python: slow })
    await expect(prepared.open({ signal: AbortSignal.timeout(300) })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(workers()).toEqual([])
  })

  it('says which device is not there', { timeout: 60_000 }, async () => {
    const missing = process.platform === 'darwin' ? 'cuda:7' : 'mps'
    for (const device of ['cuda:99', missing]) {
      const prepared = await prepareTorch(model(), { ...OPTIONS, device, python: pythonPath })
      await expect(prepared.open()).rejects.toMatchObject({
        code: 'ENGINE_FAILED',
        message: expect.stringMatching(/PyTorch .*sees (no|\d+) (CUDA devices?|Apple GPU)/),
        hint: expect.stringContaining('device: auto'),
      })
    }
  })

  it('is kept for the next model, and ends when asked', { timeout: 120_000 }, async () => {
    await withEncoder(() => Promise.resolve())
    const [first] = workers()
    await withEncoder(() => Promise.resolve(expect(workers()).toEqual([first])))
  })

  it('ends with the process that started it', { timeout: 120_000 }, async () => {
    const source = `
      import { prepareTorch } from ${JSON.stringify(new URL('../src/engines/torch/index.ts', import.meta.url).href)}
      const prepared = await prepareTorch(${JSON.stringify(model())}, { python: ${JSON.stringify(pythonPath)}, device: 'cpu', recipe: 'mean' })
      const encoder = await prepared.open({ threads: 1 })
      console.log('open')
      await encoder.encode(Array.from({ length: 100000 }, () => 'a text of some length '.repeat(20)), 'document')
    `
    const { spawn } = await import('node:child_process')
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const [pid] = execFileSync('pgrep', ['-P', String(child.pid), '-f', 'fieldtrial_worker'], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number)
    expect(isAlive(pid!)).toBe(true)
    child.kill('SIGKILL')
    for (let i = 0; i < 100 && isAlive(pid!); i++) await sleep(50)
    expect(isAlive(pid!)).toBe(false)
  })

  it('is found where setup has been pointed to it', { timeout: 60_000 }, async () => {
    const env = { XDG_CONFIG_HOME: join(root, 'settings') }
    const found = await setupTorch({ python: pythonPath, env })
    expect(found.remembered).toBe(configFile(env))
    expect(found.devices!.map(({ name }) => name)).toContain('cpu')
    expect(await findPython(env)).toBe(pythonPath)
    await expect(setupTorch({ python: join(root, 'nowhere'), env })).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
    expect(await findPython(env)).toBe(pythonPath)
  })
})
