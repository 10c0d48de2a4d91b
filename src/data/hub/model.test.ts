import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/files.ts'
import { TestHub } from '../../../test/support/hub-server.ts'
import type { FieldtrialError } from '../../core/errors.ts'
import type { Notice, Progress } from '../../core/progress.ts'
import type { HubContext } from './config.ts'
import { modelFiles, resolveModel } from './model.ts'

const WEIGHTS = Buffer.from(Array.from({ length: 50_000 }, (_, i) => i % 251))
const MODEL = {
  'config.json': '{"model_type": "bert"}',
  'tokenizer.json': '{}',
  'modules.json': '[]',
  '1_Pooling/config.json': '{"pooling_mode_mean_tokens": true}',
  'model.safetensors': WEIGHTS,
  'pytorch_model.bin': 'pickled',
  'onnx/model.onnx': 'graph',
  'README.md': '# A model',
  'openvino/openvino_model.xml': '<xml/>',
}
const REPO = 'models/org/tiny'

async function setUp(files: Record<string, string | Uint8Array> = MODEL) {
  const hub = await TestHub.start()
  const commit = hub.push(REPO, files)
  const home = await temporaryFolder()
  const notices: Notice[] = []
  const progress: Progress[] = []
  const context = (more: Partial<HubContext> & { env?: Record<string, string> } = {}): HubContext => ({
    cacheDir: join(home, 'own'),
    retryDelayMs: 1,
    onNotice: (notice) => void notices.push(notice),
    onProgress: (p) => void progress.push(p),
    ...more,
    env: { HF_ENDPOINT: hub.endpoint, HF_HOME: join(home, 'hf'), ...more.env },
  })
  return { hub, commit, home, notices, progress, context, repoFolder: join(home, 'hf', 'hub', 'models--org--tiny') }
}

async function failure(work: Promise<unknown>): Promise<FieldtrialError> {
  return work.then(
    () => {
      throw new Error('it did not fail')
    },
    (error) => error as FieldtrialError,
  )
}

describe('cold and warm', () => {
  test('fetches what is needed into the cache of huggingface_hub, and no pickled weights', async () => {
    const { hub, commit, context, repoFolder, progress } = await setUp()
    const model = await resolveModel('org/tiny', context())
    expect(model).toEqual({ folder: join(repoFolder, 'snapshots', commit), commit })
    expect((await readdir(model.folder, { recursive: true })).sort()).toEqual([
      '1_Pooling',
      '1_Pooling/config.json',
      'config.json',
      'model.safetensors',
      'modules.json',
      'tokenizer.json',
    ])
    expect(await readFile(join(model.folder, 'model.safetensors'))).toEqual(WEIGHTS)
    expect(await readlink(join(model.folder, '1_Pooling/config.json'))).toMatch(
      /^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/,
    )
    expect(await readlink(join(model.folder, 'model.safetensors'))).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/)
    expect(await readFile(join(repoFolder, 'refs', 'main'), 'utf8')).toBe(commit)
    expect(progress.at(-1)).toMatchObject({ step: 'download', unit: 'bytes' })
    expect(hub.requests.some(({ path }) => /\.bin|README|openvino/.test(path))).toBe(false)
  })

  test('asks only whether the branch moved when all is there, and nothing at all for a pinned commit', async () => {
    const { hub, commit, context } = await setUp()
    const first = await resolveModel('org/tiny', context())
    hub.takePaths()
    expect(await resolveModel('hf:org/tiny', context())).toEqual(first)
    expect(hub.takePaths()).toEqual(['/api/models/org/tiny/revision/main'])
    expect(await resolveModel(`org/tiny@${commit}`, context())).toEqual(first)
    expect(hub.takePaths()).toEqual([])
  })

  test('a new commit fetches only what changed; the old one can still be had by name', async () => {
    const { hub, commit, context } = await setUp()
    await resolveModel('org/tiny', context())
    const next = hub.push(REPO, { ...MODEL, 'config.json': '{"model_type": "roberta"}' })
    hub.takePaths()
    const moved = await resolveModel('org/tiny', context())
    expect(moved.commit).toBe(next)
    expect(hub.takePaths().filter((path) => path.includes('resolve'))).toEqual([
      `/org/tiny/resolve/${next}/config.json`,
    ])
    const pinned = await resolveModel(`org/tiny@${commit}`, context())
    expect(await readFile(join(pinned.folder, 'config.json'), 'utf8')).toBe(MODEL['config.json'])
  })

  test('branches and tags with a slash', async () => {
    const { hub, context } = await setUp()
    const commit = hub.push(REPO, MODEL, 'refs/pr/1')
    expect((await resolveModel('org/tiny@refs/pr/1', context())).commit).toBe(commit)
  })

  test('a local folder passes through; a path that is not there is no name on the hub', async () => {
    const { home, hub, context } = await setUp()
    expect(await resolveModel(home, context())).toEqual({ folder: home, commit: null })
    for (const path of ['./nowhere', '/no/such/folder', 'a/b/c'])
      expect(await failure(resolveModel(path, context()))).toMatchObject({ code: 'MODEL_MISSING' })
    expect(await failure(resolveModel('what is this', context()))).toMatchObject({ code: 'USAGE' })
    expect(hub.requests).toEqual([])
  })

  test('ONNX on request, and where there is nothing else', async () => {
    const { context } = await setUp()
    const { folder } = await resolveModel('org/tiny', context(), { weights: 'onnx' })
    expect(existsSync(join(folder, 'onnx/model.onnx'))).toBe(true)
    expect(existsSync(join(folder, 'model.safetensors'))).toBe(false)
    expect(modelFiles(['config.json', 'onnx/model.onnx', 'onnx/model.onnx_data', 'onnx/model_fp16.onnx'], 'm')).toEqual(
      ['config.json', 'onnx/model.onnx', 'onnx/model.onnx_data'],
    )
    expect(
      modelFiles(
        [
          'config.json',
          'model.safetensors.index.json',
          'model-00001-of-00002.safetensors',
          'model-00002-of-00002.safetensors',
          'consolidated.safetensors',
        ],
        'm',
      ),
    ).not.toContain('consolidated.safetensors')
  })

  test('says so when there are only pickled weights, or no model at all', async () => {
    const { 'model.safetensors': _, 'onnx/model.onnx': __, ...pickled } = MODEL
    const { context } = await setUp(pickled)
    const error = await failure(resolveModel('org/tiny', context()))
    expect(error.code).toBe('MODEL_INVALID')
    expect(error.message).toContain('only pytorch_model.bin')
    expect(() => modelFiles(['README.md'], 'org/readme')).toThrow('org/readme has no config.json')
  })
})

describe('faults', () => {
  test.each([
    ['the server is busy', { status: 429, headers: { 'retry-after': '0' } }],
    ['the server is broken', { status: 503 }],
    ['the connection is cut', { cutAfter: 10_000 }],
    ['other bytes arrive', { garble: true }],
  ])('tries again when %s', async (_, fault) => {
    const { hub, context } = await setUp()
    hub.faults.push({ match: /\/lfs\//, ...fault })
    const { folder } = await resolveModel('org/tiny', context())
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(WEIGHTS)
    expect(hub.faults).toEqual([])
  })

  test('goes on where a cut download stopped, in the same process and in the next', async () => {
    const { hub, context, repoFolder } = await setUp()
    hub.faults.push({ match: /\/lfs\//, cutAfter: 10_000 })
    await resolveModel('org/tiny', context())
    expect(hub.requests.filter(({ host }) => host === 'cdn').map(({ range }) => range)).toEqual([
      undefined,
      'bytes=10000-',
    ])

    const blobs = await readdir(join(repoFolder, 'blobs'))
    const large = blobs.find((name) => name.length === 64)!
    const again = await setUp()
    await mkdir(join(again.repoFolder, 'blobs'), { recursive: true })
    await writeFile(join(again.repoFolder, 'blobs', `${large}.incomplete`), WEIGHTS.subarray(0, 30_000))
    const { folder } = await resolveModel('org/tiny', again.context())
    expect(again.hub.requests.filter(({ host }) => host === 'cdn').map(({ range }) => range)).toEqual(['bytes=30000-'])
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(WEIGHTS)
  })

  test('starts anew when the server knows no ranges, or the part on the disk is of something else', async () => {
    for (const ranges of [false, true]) {
      const { hub, context, repoFolder } = await setUp()
      hub.ranges = ranges
      const hash = createHash('sha256').update(WEIGHTS).digest('hex')
      await mkdir(join(repoFolder, 'blobs'), { recursive: true })
      await writeFile(join(repoFolder, 'blobs', `${hash}.incomplete`), 'something else')
      const { folder } = await resolveModel('org/tiny', context())
      expect(await readFile(join(folder, 'model.safetensors'))).toEqual(WEIGHTS)
    }
  })

  test('gives up after some attempts, with what to do', async () => {
    const { hub, context } = await setUp()
    hub.faults.push({ match: /tokenizer\.json$/, status: 500, times: 1000 })
    const error = await failure(resolveModel('org/tiny', context()))
    expect(error.code).toBe('NETWORK')
    expect(error.message).toMatch(/tokenizer\.json from org\/tiny failed: 127\.0\.0\.1:\d+ answered 500/)
    expect(hub.requests.filter(({ path }) => /tokenizer\.json$/.test(path))).toHaveLength(5)
  })

  test('refuses a file that never matches its hash', async () => {
    const { hub, context, repoFolder } = await setUp()
    hub.faults.push({ match: /\/lfs\//, garble: true, times: 1000 })
    expect((await failure(resolveModel('org/tiny', context()))).message).toContain('arrives damaged')
    expect((await readdir(join(repoFolder, 'blobs'))).filter((name) => name.length >= 64)).toEqual([])
  })

  test('a server that falls silent has broken off', async () => {
    const { hub, context } = await setUp()
    hub.faults.push({ match: /\/lfs\//, stall: true })
    const env = { HF_HUB_DOWNLOAD_TIMEOUT: '0.1' }
    const { folder } = await resolveModel('org/tiny', context({ env }))
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(WEIGHTS)
  })

  test('can be cancelled', async () => {
    const { hub, context } = await setUp()
    hub.faults.push({ match: /\/lfs\//, stall: true, times: 1000 })
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 100)
    expect(await failure(resolveModel('org/tiny', context({ signal: stop.signal })))).toMatchObject({
      code: 'CANCELLED',
    })
  })

  test('refuses a repository whose paths would leave the cache', async () => {
    const { hub, context } = await setUp()
    hub.push(REPO, { ...MODEL, '../../evil.json': '{}' })
    expect((await failure(resolveModel('org/tiny', context()))).message).toContain('unsafe path')
  })
})

describe('tokens', () => {
  test('go to the hub only, not to where it redirects, and into no message', async () => {
    const { hub, context } = await setUp()
    hub.gate(REPO)
    await resolveModel('org/tiny', context({ env: { HF_TOKEN: 'good-token' } }))
    const { hubRequests, cdn } = Object.groupBy(hub.requests, ({ host }) => (host === 'hub' ? 'hubRequests' : 'cdn'))
    expect(hubRequests!.every(({ authorization }) => authorization === 'Bearer good-token')).toBe(true)
    expect(cdn).toHaveLength(1)
    expect(cdn![0]!.authorization).toBeUndefined()
    const { hub: other, context: otherContext } = await setUp()
    other.gate(REPO)
    const error = await failure(resolveModel('org/tiny', otherContext({ env: { HF_TOKEN: 'bad-token' } })))
    expect(error.code).toBe('MODEL_MISSING')
    expect(error.message).toContain('is gated')
    expect(error.hint).toContain('HF_TOKEN')
    expect(JSON.stringify([error.message, error.hint, error.stack])).not.toContain('bad-token')
  })

  test('are read from the file of `hf auth login`, unless that is switched off', async () => {
    const { hub, context, home } = await setUp()
    await mkdir(join(home, 'hf'), { recursive: true })
    await writeFile(join(home, 'hf', 'token'), 'good-token\n')
    hub.gate(REPO)
    await resolveModel('org/tiny', context())
    expect(hub.requests[0]!.authorization).toBe('Bearer good-token')
    const refused = resolveModel('org/tiny', context({ env: { HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' } }))
    expect((await failure(refused)).message).toContain('is gated')
  })

  test('tells unknown repositories, revisions and private ones', async () => {
    const { context } = await setUp()
    expect(await failure(resolveModel('org/other', context()))).toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringContaining('or it is private'),
    })
    expect(await failure(resolveModel('org/tiny@v9', context()))).toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringContaining('no revision "v9"'),
    })
  })
})

describe('offline', () => {
  test('uses what is there without a request', async () => {
    const { hub, commit, context } = await setUp()
    await resolveModel('org/tiny', context())
    hub.takePaths()
    for (const more of [{ offline: true }, { env: { HF_HUB_OFFLINE: '1' } }])
      expect((await resolveModel('org/tiny', context(more))).commit).toBe(commit)
    expect(hub.requests).toEqual([])
  })

  test('uses a download of huggingface_hub, which has no listing', async () => {
    const { commit, context, home, repoFolder } = await setUp()
    await resolveModel('org/tiny', context())
    const other = { ...context({ offline: true }), cacheDir: join(home, 'another') }
    expect(await resolveModel('org/tiny', other)).toEqual({ folder: join(repoFolder, 'snapshots', commit), commit })
  })

  test('names the file that is missing', async () => {
    const { context } = await setUp()
    expect(await failure(resolveModel('org/tiny', context({ offline: true })))).toMatchObject({
      code: 'OFFLINE',
      message: expect.stringContaining('org/tiny is not in the cache'),
    })
    const { folder } = await resolveModel('org/tiny', context())
    await rm(join(folder, 'tokenizer.json'))
    expect(await failure(resolveModel('org/tiny', context({ offline: true })))).toMatchObject({
      code: 'OFFLINE',
      message: expect.stringContaining('tokenizer.json of org/tiny'),
    })
  })

  test('falls back to the cache, with a warning, where the hub cannot be reached', async () => {
    const { hub, commit, context, notices } = await setUp()
    await resolveModel('org/tiny', context())
    hub.stop()
    expect((await resolveModel('org/tiny', context())).commit).toBe(commit)
    expect(notices).toMatchObject([{ level: 'warning', code: 'hub.unreachable' }])
    const elsewhere = context({ env: { HF_HOME: '/nonexistent' } })
    expect(await failure(resolveModel('org/tiny', elsewhere))).toMatchObject({ code: 'NETWORK' })
  })

  test('two downloads of one model at once share the work', async () => {
    const { hub, context } = await setUp()
    const [a, b] = await Promise.all([resolveModel('org/tiny', context()), resolveModel('org/tiny', context())])
    expect(a).toEqual(b)
    expect(hub.requests.filter(({ host }) => host === 'cdn')).toHaveLength(1)
  })
})
