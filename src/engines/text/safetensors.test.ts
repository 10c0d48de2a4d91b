import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCheckpoint, readSafetensors, readTensor } from './safetensors.ts'

function file(header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, data])
}

async function write(content: Uint8Array, name = 'model.safetensors'): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'safetensors-')), name)
  await writeFile(path, content)
  return path
}

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringMatching(message) })

describe('safetensors', () => {
  it('gives every tensor its place, and leaves the metadata out', async () => {
    const header = {
      __metadata__: { format: 'pt' },
      a: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      b: { dtype: 'I64', shape: [1], data_offsets: [24, 32] },
    }
    const path = await write(file(header, new Uint8Array(32)))
    const base = 8 + JSON.stringify(header).length
    const tensors = (await readSafetensors(path))!
    expect([...tensors.keys()]).toEqual(['a', 'b'])
    expect(tensors.get('b')).toEqual({ type: 'I64', shape: [1], file: path, offset: base + 24, bytes: 8 })
  })

  it('reads float32, float16 and bfloat16, subnormal and special numbers included', async () => {
    const numbers = new Float32Array([1, -2.5, 0.1])
    // 1, −2.5, the smallest subnormal, infinity, NaN.
    const halves = new Uint16Array([0x3c00, 0xc100, 0x0001, 0x7c00, 0x7e00])
    const brains = new Uint16Array([0x3f80, 0xc020])
    const data = Buffer.concat([numbers, halves, brains].map((a) => new Uint8Array(a.buffer)))
    const path = await write(
      file(
        {
          f32: { dtype: 'F32', shape: [3], data_offsets: [0, 12] },
          f16: { dtype: 'F16', shape: [5], data_offsets: [12, 22] },
          bf16: { dtype: 'BF16', shape: [2], data_offsets: [22, 26] },
        },
        data,
      ),
    )
    const tensors = (await readSafetensors(path))!
    const read = async (name: string) => [...(await readTensor(name, tensors.get(name)!))]
    expect(await read('f32')).toEqual([...numbers])
    expect(await read('f16')).toEqual([1, -2.5, 2 ** -24, Number.POSITIVE_INFINITY, Number.NaN])
    expect(await read('bf16')).toEqual([1, -2.5])
  })

  it.each([
    ['too short', new Uint8Array([1, 2, 3]), /has 3 bytes: too short/],
    ['a header beyond the end', file({ a: 1 }).subarray(0, 12), /cut off, or another format/],
    ['another format', Buffer.from('<html><body>404 not found</body></html>'), /cut off, or another format/],
    ['a header that is not JSON', file('{"a":'), /header that is not JSON/],
    [
      'a tensor cut off',
      file({ w: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } }, new Uint8Array(10)),
      /cut off: the tensor w/,
    ],
    [
      'a size that does not fit',
      file({ w: { dtype: 'F32', shape: [4], data_offsets: [0, 8] } }, new Uint8Array(8)),
      /gives 8 bytes to the tensor w; its shape needs 16/,
    ],
    ['a tensor that is nothing', file({ w: null }), /describes the tensor w wrongly/],
    ['a tensor without a shape', file({ w: { dtype: 'F32' } }), /describes the tensor w wrongly/],
  ])('refuses %s', async (_, content, message) => {
    await expect(readSafetensors(await write(content))).rejects.toEqual(invalid(message))
  })

  it('refuses an index that names an absent shard or a file elsewhere', async () => {
    const folderOf = async (map: unknown) =>
      join(await write(Buffer.from(JSON.stringify({ weight_map: map })), 'model.safetensors.index.json'), '..')
    await expect(readCheckpoint(await folderOf({ w: 'model-1.safetensors' }))).rejects.toEqual(
      invalid(/is named by .* but is not there/),
    )
    await expect(readCheckpoint(await folderOf({ w: '../secret' }))).rejects.toEqual(
      invalid(/not a file of the same folder/),
    )
    await expect(readCheckpoint(await folderOf(undefined))).rejects.toEqual(invalid(/has no "weight_map"/))
  })

  it('gives null where there is none', async () => {
    expect(await readCheckpoint(await mkdtemp(join(tmpdir(), 'safetensors-')))).toBeNull()
  })
})
