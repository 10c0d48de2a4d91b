import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeGguf } from '../../../../test/support/gguf.ts'
import { isGguf, readGguf } from './file.ts'
import { readGgufModel } from './parts.ts'

let root: string
let whole: string
const tensor = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) })

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'gguf-file-'))
  // A vocabulary beyond what is read at first.
  const tokens = Array.from({ length: 100_000 }, (_, i) => `token number ${i}`)
  const metadata = {
    'general.architecture': 'qwen2',
    'qwen2.block_count': 2,
    'qwen2.rope.freq_base': { f32: 1e6 },
    'tokenizer.ggml.add_bos_token': false,
    'tokenizer.ggml.tokens': { strings: tokens },
    'tokenizer.ggml.token_type': { i32s: [1, -3, 6] },
  }
  whole = await writeGguf(join(root, 'whole.gguf'), metadata, { a: tensor(3, 5), b: tensor(7) })
})
afterAll(() => rmSync(root, { recursive: true }))

const broken = async (name: string, bytes: Uint8Array) => {
  const file = join(root, name)
  await writeFile(file, bytes)
  return readGguf(file)
}

describe('readGguf', () => {
  it('reads metadata and the list of tensors', async () => {
    const { metadata, tensors } = await readGguf(whole)
    expect(metadata.get('qwen2.block_count')).toBe(2)
    expect(metadata.get('qwen2.rope.freq_base')).toBe(1e6)
    expect(metadata.get('tokenizer.ggml.add_bos_token')).toBe(false)
    expect(metadata.get('tokenizer.ggml.token_type')).toEqual([1, -3, 6])
    expect((metadata.get('tokenizer.ggml.tokens') as string[])[99_999]).toBe('token number 99999')
    expect(tensors).toMatchObject([
      { name: 'a', shape: [5, 3], bytes: 60, offset: 0 },
      { name: 'b', shape: [7], bytes: 28, offset: 64 },
    ])
  })

  it('names files that are cut short, in the header or in the weights, and what is no GGUF', async () => {
    const bytes = readFileSync(whole)
    const cut = { code: 'MODEL_INVALID', where: { file: expect.stringContaining('.gguf') } }
    for (const length of [5, 30, 1000, 2_000_000])
      await expect(broken('header.gguf', bytes.subarray(0, length))).rejects.toMatchObject({
        ...cut,
        message: expect.stringMatching(/header\.gguf is cut short: .*inside its header/),
      })
    await expect(broken('weights.gguf', bytes.subarray(0, bytes.length - 30))).rejects.toMatchObject({
      ...cut,
      message: expect.stringMatching(/weights\.gguf is cut short: its weights end at byte \d+/),
    })
    await expect(broken('none.gguf', Buffer.from('hello'))).rejects.toMatchObject({
      message: expect.stringContaining('is no GGUF file'),
    })
    await expect(readGguf(join(root, 'absent.gguf'))).rejects.toMatchObject({ code: 'MODEL_MISSING' })
    await expect(readGguf(root)).rejects.toMatchObject({ code: 'MODEL_INVALID' })
  })

  it('refuses other versions, byte orders and lists longer than the file', async () => {
    const changed = (at: number, write: (bytes: Buffer) => void) => {
      const bytes = Buffer.from(readFileSync(whole))
      write(bytes.subarray(at))
      return bytes
    }
    await expect(
      broken(
        'v1.gguf',
        changed(4, (b) => b.writeUInt32LE(1)),
      ),
    ).rejects.toThrow(/version 1; 2 and 3/)
    await expect(
      broken(
        'big.gguf',
        changed(4, (b) => b.writeUInt32BE(3)),
      ),
    ).rejects.toThrow(/big-endian/)
    await expect(
      broken(
        'many.gguf',
        changed(8, (b) => b.writeBigUInt64LE(2n ** 40n)),
      ),
    ).rejects.toThrow(/cut short/)
  })
})

describe('readGgufModel', () => {
  const part = (i: number, of = 2) => join(root, `model-0000${i}-of-0000${of}.gguf`)

  it('takes all parts of a model that was split, whichever is named', async () => {
    const split = { 'split.count': 2, 'split.tensors.count': 2 }
    await writeGguf(part(1), { 'general.architecture': 'qwen2', ...split }, { a: tensor(3, 5) })
    await writeGguf(part(2), split, { b: tensor(7) })
    for (const i of [1, 2]) {
      const model = await readGgufModel(part(i))
      expect(model).toMatchObject({ files: [part(1), part(2)], parameters: 22 })
      expect(model.first.file).toBe(part(1))
    }
  })

  it('names a part that is not there, and one under another name', async () => {
    await writeGguf(part(1, 3), { 'split.count': 3 }, { a: tensor(3) })
    await expect(readGgufModel(part(1, 3))).rejects.toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringMatching(/00002-of-00003\.gguf is not there: one of the 3 parts/),
    })
    const renamed = await writeGguf(join(root, 'renamed.gguf'), { 'split.count': 3 }, { a: tensor(3) })
    await expect(readGgufModel(renamed)).rejects.toThrow(/one of 3 parts, but is not named as one/)
    await writeGguf(part(1), { 'split.tensors.count': 5 }, { a: tensor(3, 5) })
    await expect(readGgufModel(part(1))).rejects.toThrow(/hold 2 tensors; 5 are announced/)
  })
})

it('knows a GGUF file by its name', () => {
  expect([isGguf('a/b.gguf'), isGguf('B.GGUF'), isGguf('gguf'), isGguf('a.gguf.bak')]).toEqual([
    true,
    true,
    false,
    false,
  ])
})
