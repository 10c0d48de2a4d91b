import { expect, test } from 'vitest'
import { fromHalf } from '../../../core/float16.ts'
import { unpackHalf } from './packed.ts'

function file(header: object, data: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, data])
}

const scales = Float32Array.of(0.5, 0.001)
const data = Buffer.concat([
  Buffer.from(Int8Array.of(1, -127, 0, 127, -1, 3)),
  Buffer.from(scales.buffer),
  Buffer.from(Float32Array.of(1.5, -2).buffer),
])
const HEADER = {
  'b.weight': { dtype: 'I8', shape: [2, 3], data_offsets: [0, 6] },
  'b.weight.scale': { dtype: 'F32', shape: [2], data_offsets: [6, 14] },
  'a.norm': { dtype: 'F32', shape: [2], data_offsets: [14, 22] },
}

test('integers times the scale of their row, vectors as they are, sorted and aligned', () => {
  const plain = unpackHalf(file({ __metadata__: { format: 'fieldtrial-int8-rows-1' }, ...HEADER }, data))
  const headerBytes = Number(plain.readBigUInt64LE(0))
  expect(headerBytes % 8).toBe(0)
  expect(JSON.parse(plain.toString('utf8', 8, 8 + headerBytes))).toEqual({
    __metadata__: { format: 'pt' },
    'a.norm': { dtype: 'F16', shape: [2], data_offsets: [0, 4] },
    'b.weight': { dtype: 'F16', shape: [2, 3], data_offsets: [4, 16] },
  })
  const values = Array.from({ length: 8 }, (_, i) => fromHalf(plain.readUInt16LE(8 + headerBytes + 2 * i)))
  expect(values.slice(0, 5)).toEqual([1.5, -2, 0.5, -63.5, 0])
  for (const [i, value] of [0.127, -0.001, 0.003].entries())
    expect(Math.abs(values[5 + i]! / value - 1)).toBeLessThan(2 ** -11)
  expect(plain.length).toBe(8 + headerBytes + 16)
})

test('another form is refused', () => {
  expect(() => unpackHalf(file(HEADER, data))).toThrow('not a packed model')
})
