import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WORKSPACE_VERSION, Workspace } from './workspace.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-workspace-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('Workspace', () => {
  it('is made when absent, opened again, and kept out of git', async () => {
    const root = join(folder, 'a', 'b')
    await Workspace.open(root)
    const again = await Workspace.open(root)
    expect(again.artifact('runs', 'abc')).toBe(join(root, 'runs', 'abc'))
    expect(await readFile(join(root, '.gitignore'), 'utf8')).toBe('*\n')
  })

  it('refuses the workspace of a newer fieldtrial and says what to do', async () => {
    await writeFile(join(folder, 'workspace.json'), JSON.stringify({ workspaceVersion: WORKSPACE_VERSION + 1 }))
    await expect(Workspace.open(folder)).rejects.toMatchObject({
      code: 'WORKSPACE_VERSION',
      exitCode: 6,
      hint: expect.stringContaining('Update'),
    })
  })

  it('refuses a file in its place and a broken version file', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    await expect(Workspace.open(file)).rejects.toMatchObject({ code: 'USAGE' })
    await writeFile(join(folder, 'workspace.json'), '{')
    await expect(Workspace.open(folder)).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT' })
  })
})
