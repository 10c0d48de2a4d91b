import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/files.ts'
import { describeTransformers, runPython } from '../../../test/support/python.ts'
import { readCheckpoint, readTensor } from '../../engines/text/safetensors.ts'
import { loraChanges } from './lora.ts'
import { writeMerged } from './merged.ts'
import { writeWeights } from './write-weights.ts'

/** Largest difference of two checkpoints, relative to the larger number or 1; the names must be the same. */
async function difference(one: string, other: string): Promise<number> {
  const [a, b] = [(await readCheckpoint(one))!, (await readCheckpoint(other))!]
  expect([...a.keys()].sort()).toEqual([...b.keys()].sort())
  let largest = 0
  for (const [name, place] of a) {
    expect([name, place.type, place.shape]).toEqual([name, b.get(name)!.type, b.get(name)!.shape])
    const [x, y] = [await readTensor(name, place), await readTensor(name, b.get(name)!)]
    for (let i = 0; i < x.length; i++)
      largest = Math.max(largest, Math.abs(x[i]! - y[i]!) / Math.max(1, Math.abs(x[i]!), Math.abs(y[i]!)))
  }
  return largest
}

describeTransformers('merging an adapter into its base', () => {
  let models = ''
  let kinds: Record<string, string> = {}
  beforeAll(() => {
    models = mkdtempSync(join(tmpdir(), 'fieldtrial-merges-'))
    kinds = JSON.parse(runPython('lora_merges.py', [models])) as Record<string, string>
  }, 300_000)
  afterAll(() => rmSync(models, { recursive: true, force: true }))

  it('equals PEFT’s merge_and_unload, for LoRA, patterns with rsLoRA, DoRA, embeddings and whole layers', async () => {
    const out = await temporaryFolder()
    for (const [kind, base] of Object.entries(kinds)) {
      const folder = join(out, kind)
      await mkdir(folder)
      const written = await writeMerged(join(models, base), join(models, kind, 'adapter'), folder)
      expect(written).toEqual(expect.arrayContaining(['config.json', 'tokenizer.json', 'model.safetensors']))
      // In bfloat16 both round sums of the same numbers; where these differ in the last bit of float32, a tie may fall either way.
      const near = base.endsWith('bfloat16') ? 2 ** -8 : 2e-6
      expect(await difference(folder, join(models, kind, 'merged'))).toBeLessThan(near)
      expect(await difference(folder, join(models, base))).toBeGreaterThan(0.01)
    }
  }, 60_000)

  it('gives the base itself where there is no adapter, in parts where the file would be too large', async () => {
    const [one, parts] = [await temporaryFolder(), await temporaryFolder()]
    const base = join(models, 'base-bfloat16')
    await writeMerged(base, null, one)
    const checkpoint = (await readCheckpoint(base))!
    const names = await writeWeights(checkpoint, new Map(), parts, {}, 60_000)
    expect(names.length).toBeGreaterThan(3)
    expect(await difference(one, base)).toBe(0)
    expect(await difference(parts, base)).toBe(0)
    expect(readdirSync(parts).every((name) => !name.endsWith('.partial'))).toBe(true)
  })

  it('refuses what cannot be merged by the name of the setting, and adapters of other models', async () => {
    const base = (await readCheckpoint(join(models, 'base-float32')))!
    const folder = await temporaryFolder()
    await cp(join(models, 'lora', 'adapter'), folder, { recursive: true })
    const file = join(folder, 'adapter_config.json')
    const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    const refusal = async (change: Record<string, unknown>) => {
      writeFileSync(file, JSON.stringify({ ...config, ...change }))
      return loraChanges(folder, base).then(
        () => 'taken',
        (error: Error) => error.message,
      )
    }
    expect(await refusal({})).toBe('taken')
    expect(await refusal({ init_lora_weights: 'pissa_niter_4' })).toMatch(/changes the base too.*init_lora_weights/)
    expect(await refusal({ alora_invocation_tokens: [1, 2] })).toMatch(/activated LoRA.*alora_invocation_tokens/)
    expect(await refusal({ lora_alpha: null })).toMatch(/names no lora_alpha/)
    const without = new Map([...base].filter(([name]) => !name.includes('layers.1.mlp')))
    await expect(loraChanges(join(models, 'lora', 'adapter'), without)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/changes model\.layers\.1\.mlp\.\w+, which the model does not have/),
    })
  })

  it('stops at weights that are not numbers', async () => {
    const checkpoint = (await readCheckpoint(join(models, 'base-float32')))!
    const changes = await loraChanges(join(models, 'lora', 'adapter'), checkpoint)
    const infinite = new Map(
      [...changes].map(([name, change]) => [name, change.kind === 'lora' ? { ...change, scale: Infinity } : change]),
    )
    await expect(writeWeights(checkpoint, infinite, await temporaryFolder())).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/infinite or none/),
    })
  })
})
