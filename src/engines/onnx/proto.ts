/**
 * Writes the protocol-buffer wire format (https://protobuf.dev/programming-guides/encoding/), as much as ONNX needs.
 * Chunks are kept by reference and joined once, so a tensor's bytes are copied only at the end.
 */
export class ProtoWriter {
  private readonly chunks: Uint8Array[] = []
  private length = 0

  /** A whole number, 64-bit two's complement for negative ones. */
  int(field: number, value: number | bigint): this {
    this.varint(BigInt(field) << 3n)
    return this.varint(BigInt.asUintN(64, BigInt(value)))
  }

  float(field: number, value: number): this {
    this.varint((BigInt(field) << 3n) | 5n)
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    return this.push(bytes)
  }

  bytes(field: number, value: Uint8Array): this {
    this.varint((BigInt(field) << 3n) | 2n)
    this.varint(BigInt(value.length))
    return this.push(value)
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  message(field: number, value: ProtoWriter): this {
    this.varint((BigInt(field) << 3n) | 2n)
    this.varint(BigInt(value.length))
    for (const chunk of value.chunks) this.push(chunk)
    return this
  }

  finish(): Uint8Array {
    const joined = new Uint8Array(this.length)
    let at = 0
    for (const chunk of this.chunks) {
      joined.set(chunk, at)
      at += chunk.length
    }
    return joined
  }

  private push(chunk: Uint8Array): this {
    this.chunks.push(chunk)
    this.length += chunk.length
    return this
  }

  private varint(value: bigint): this {
    const out: number[] = []
    let rest = value
    do {
      const low = Number(rest & 127n)
      rest >>= 7n
      out.push(rest > 0n ? low | 128 : low)
    } while (rest > 0n)
    return this.push(Uint8Array.from(out))
  }
}
