import { describe, expect, it } from 'vitest'
import { availableDevices, providersFor, unusableDevice } from './device.ts'

describe('devices', () => {
  const absent = (['dml', 'coreml', 'cuda', 'webgpu'] as const).find((device) => !availableDevices().includes(device))!

  it('always has the processor, behind every other device too', () => {
    expect(providersFor('cpu')).toEqual(['cpu'])
    for (const device of ['cuda', 'webgpu'] as const)
      if (availableDevices().includes(device)) expect(providersFor(device)).toEqual([device, 'cpu'])
  })

  it('names those that are there where one is not', () => {
    // No build of onnxruntime has both Apple's and Microsoft's.
    expect(() => providersFor(absent)).toThrow(
      `The device ${absent} is not among those of this onnxruntime: ${availableDevices().join(', ')}.`,
    )
  })

  it('says why one that is there cannot be used', () => {
    expect(unusableDevice('cuda', new Error('no library'))).toMatchObject({
      code: 'ENGINE_FAILED',
      message: 'The device cuda cannot be used: no library',
      hint: expect.stringContaining('Install CUDA'),
    })
    const words =
      '/src/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const Config&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n'
    expect(unusableDevice('webgpu', new Error(words)).message).toBe(
      'The device webgpu cannot be used: Failed to get a WebGPU adapter: No supported adapters',
    )
  })
})
