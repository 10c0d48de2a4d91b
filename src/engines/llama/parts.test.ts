import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findLlama, PACKAGE_VERSION } from './package.ts'
import { buildPackages, installArguments, setupLlama } from './setup.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'llama-parts-'))
})
afterAll(() => rmSync(root, { recursive: true }))

describe('findLlama', () => {
  it('finds the package beside fieldtrial', () => {
    expect(findLlama()).toMatch(/^file:.*node-llama-cpp\/dist\/index\.js$/)
  })

  it('says which command installs it where it is not there', () => {
    expect(() => findLlama({ FIELDTRIAL_LLAMA: root }, join(root, 'nowhere.js'))).toThrow(
      expect.objectContaining({
        code: 'ENGINE_FAILED',
        message: expect.stringContaining('node-llama-cpp, which is not installed'),
        hint: expect.stringContaining('fieldtrial setup llama'),
      }),
    )
  })
})

describe('setupLlama', () => {
  it('takes the builds for the machine alone', () => {
    expect(buildPackages('linux', 'x64')).toEqual(['@node-llama-cpp/linux-x64'])
    expect(buildPackages('linux', 'arm')).toEqual(['@node-llama-cpp/linux-armv7l'])
    expect(buildPackages('darwin', 'arm64')).toEqual(['@node-llama-cpp/mac-arm64-metal'])
    expect(buildPackages('win32', 'x64', 'cuda')).toEqual([
      '@node-llama-cpp/win-x64',
      '@node-llama-cpp/win-x64-cuda',
      '@node-llama-cpp/win-x64-cuda-ext',
    ])
    expect(buildPackages('linux', 'x64', 'vulkan')[1]).toBe('@node-llama-cpp/linux-x64-vulkan')
    expect(() => buildPackages('aix', 'ppc64')).toThrow(/no build of llama\.cpp for aix ppc64/)
    expect(() => buildPackages('linux', 'arm64', 'cuda')).toThrow(/with cuda for linux arm64/)
    expect(() => buildPackages('darwin', 'arm64', 'vulkan')).toThrow(/with vulkan for darwin/)
  })

  it('asks for pinned versions, and for no script to be run', () => {
    const args = installArguments(['@node-llama-cpp/linux-x64'])
    expect(args).toContain('--ignore-scripts')
    expect(args.slice(-2)).toEqual([
      `node-llama-cpp@${PACKAGE_VERSION}`,
      `@node-llama-cpp/linux-x64@${PACKAGE_VERSION}`,
    ])
  })

  it('says when there is no npm, and when npm fails', async () => {
    const env = { FIELDTRIAL_LLAMA: join(root, 'made') }
    await expect(setupLlama({ env, npm: join(root, 'no-npm') })).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringContaining('no-npm cannot be started'),
    })
    await expect(setupLlama({ env, npm: process.execPath })).rejects.toMatchObject({
      code: 'NETWORK',
      hint: expect.stringContaining('again'),
    })
    await expect(setupLlama({ env, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
