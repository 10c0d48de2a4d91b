import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { StudyResults } from '../src/study/results.ts'
import { type CliResult, runCli } from './support/cli.ts'
import { writeSlice } from './support/collections.ts'
import { describeTransformers, pythonPath } from './support/python.ts'
import { describeWith, sharedPath } from './support/shared.ts'
import { type TinyDecoder, writeTinyDecoder } from './support/tiny-gguf.ts'

/*
 * The same weights by onnx, torch and llama beside one another, on slices of a text and of a code collection; with a GGUF file that is cut short
 * and a recipe that llama.cpp cannot serve among them. The same of a real model: studies/small/engines.yaml.
 */
const MINI = ['mini-scifact', 'mini-cosqa']
const env = { FIELDTRIAL_PYTHON: pythonPath, OMP_NUM_THREADS: '1' }

describeTransformers('engines beside one another', () => {
  describeWith(
    'on mini-scifact and mini-cosqa',
    MINI.map((name) => sharedPath(`data/${name}`)),
    () => {
      let folder: string
      let model: TinyDecoder
      let run: CliResult
      let results: StudyResults
      beforeAll(async () => {
        folder = await mkdtemp(join(tmpdir(), 'fieldtrial-engines-'))
        model = await writeTinyDecoder(folder, 'qwen2')
        for (const name of MINI)
          await writeSlice(sharedPath(`data/${name}`), join(folder, name), { queries: 5, documents: 20 })
        const short = join(folder, 'short.gguf')
        const bytes = await readFile(model.gguf)
        await writeFile(short, bytes)
        await truncate(short, bytes.length - 1000)
        await writeFile(
          join(folder, 'study.yaml'),
          `
name: engines
collections: [./mini-scifact, ./mini-cosqa]
baselines: [bm25]
models:
  - {id: onnx, model: ./qwen2, maxLength: 64}
  - {id: torch, model: ./qwen2, engine: torch, device: cpu, maxLength: 64}
  - {id: llama, model: ./qwen2.gguf, device: cpu, maxLength: 64}
  - {id: made, model: ./qwen2, engine: llama, device: cpu, maxLength: 64}
  - {id: short, model: ./short.gguf, recipes: [mean]}
  - {id: refused, model: ./qwen2.gguf, recipes: [echo]}
recipes: [last-token, mean, prompteol]
measures: [nDCG@10, R@100]
`,
        )
        run = await runCli(['run', 'study.yaml', '-w', 'ws'], { cwd: folder, env })
        results = JSON.parse(await readFile(join(folder, 'results', 'engines', 'results.json'), 'utf8')) as StudyResults
      }, 300_000)
      afterAll(() => rm(folder, { recursive: true, force: true }))

      it('give one ranking, recipe by recipe', async () => {
        expect(run.code, run.stderr).toBe(4)
        /** Documents of each query with their scores, in order. */
        const ranked = async (id: string, collection: string) => {
          const text = await readFile(join(folder, 'results', 'engines', 'runs', `${collection}.${id}.trec`), 'utf8')
          const lines = text.trim().split('\n')
          return lines.map((line) => {
            const [query, , document, , score] = line.split(/\s+/)
            return [`${query} ${document}`, Number(score)] as const
          })
        }
        const ids = results.retrievers.map(({ id }) => id).filter((id) => id.startsWith('onnx'))
        expect(ids).toHaveLength(3)
        for (const collection of MINI)
          for (const id of ids) {
            const onnx = await ranked(id, collection)
            const torch = await ranked(id.replace('onnx', 'torch'), collection)
            expect(torch.map(([pair]) => pair)).toEqual(onnx.map(([pair]) => pair))
            // llama.cpp keeps keys and values in 16 bits: documents that score nearly alike may change places.
            const llama = await ranked(id.replace('onnx', 'llama'), collection)
            const scores = new Map(llama)
            expect(scores.size).toBe(onnx.length)
            for (const [pair, score] of onnx)
              expect(Math.abs(scores.get(pair)! - score), `${id} ${pair}`).toBeLessThan(1e-3)
            // The file that is made of the checkpoint holds what the given one does.
            expect(await ranked(id.replace('onnx', 'made'), collection)).toEqual(llama)
          }
      })

      it('go on where one cannot, and say why', () => {
        const failed = results.trials.filter(({ status }) => status === 'failed')
        expect([...new Set(failed.map(({ retriever }) => retriever))]).toEqual(['short', 'refused'])
        expect(run.stderr).toMatch(/short\.gguf is cut short/)
        expect(run.stderr).toMatch(/cannot follow the recipe echo on .*qwen2\.gguf: it gives no pooling over a part/)
        const { resolved } = results.retrievers.find(({ id }) => id === 'llama+mean')!
        expect(resolved).toMatchObject({ model: { engine: 'llama', device: 'cpu' } })
      })

      it('refuse before work starts what engine llama cannot take', async () => {
        await writeFile(
          join(folder, 'wrong.yaml'),
          `
collections: [./mini-cosqa]
models:
  - {id: a, model: ./qwen2, engine: llama, dtype: int4}
  - {id: b, model: ./qwen2.gguf, dtype: float32}
  - {id: c, model: ./qwen2.gguf, device: mps}
  - {id: d, model: ./qwen2.gguf, adapter: ./qwen2}
  - {id: e, model: ./qwen2.gguf, engine: onnx}
`,
        )
        const wrong = await runCli(['run', 'wrong.yaml', '-w', 'ws'], { cwd: folder, env })
        expect(wrong.code).toBe(2)
        for (const message of [
          'engine: llama has no dtype int4; it has float32, float16, bfloat16, int8',
          'engine: llama takes no dtype for a GGUF file',
          'engine: llama has no device mps',
          '`adapter` is for engine: torch',
          'A GGUF file is read by engine: llama and engine: torch',
        ])
          expect(wrong.stderr).toContain(message)
      })

      it('are told by the doctor, which compares a file that was made with the model', {
        timeout: 120_000,
      }, async () => {
        const flags = ['--engine', 'llama', '--recipe', 'mean', '--max-length', '64', '-w', 'ws', '--json']
        const doctor = await runCli(['doctor', './qwen2', ...flags], { cwd: folder, env })
        const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; status: string; detail: string }[] }
        expect(checks.find(({ name }) => name === 'llama against onnx')).toMatchObject({
          status: 'ok',
          detail: expect.stringMatching(/^cosine 1\.0000\d? on average/),
        })
      })

      it('are told by recipe show, models show and the doctor', { timeout: 120_000 }, async () => {
        const args = ['-w', 'ws', '--json']
        const cwd = { cwd: folder, env }
        const shown = await runCli(['recipe', 'show', 'mean', '--model', 'qwen2.gguf', '--text', 'a b', ...args], cwd)
        expect(shown.code, shown.stderr).toBe(0)
        const info = JSON.parse((await runCli(['models', 'show', './qwen2.gguf', ...args], cwd)).stdout) as object
        expect(info).toMatchObject({ engine: 'llama', dimension: 64, recipe: { pooling: ['lasttoken'] } })
        const doctor = await runCli(['doctor', './qwen2.gguf', '--recipe', 'mean', '--max-length', '64', ...args], cwd)
        const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; status: string; detail: string }[] }
        expect(checks.find(({ name }) => name === 'llama.cpp')).toMatchObject({
          status: 'ok',
          detail: expect.stringMatching(/in node-llama-cpp \d/),
        })
        expect(checks.filter(({ status }) => status === 'failed')).toEqual([])
        expect(checks.map(({ name }) => name)).toContain('a batch of one equals a batch of many')
      })
    },
  )
})
