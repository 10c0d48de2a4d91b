/*
 * The study in miniature: makes a collection of documentation out of node_modules, one of code out of this repository, and one of drawn scenes,
 * then runs studies/miniature.yaml and studies/miniature-images.yaml, trainings included. Needs a build (`npm run build`), and for the scenes and
 * the trainings a Python with PyTorch and Pillow (FIELDTRIAL_PYTHON, or `fieldtrial setup torch`). No network is used.
 *
 *   node scripts/miniature.ts [--workspace DIR] [--only text|images]
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findPython } from '../src/engines/torch/python.ts'

const { values } = parseArgs({ options: { workspace: { type: 'string' }, only: { type: 'string' } } })
process.chdir(fileURLToPath(new URL('..', import.meta.url)))

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with status ${status}`)
}

const fieldtrial = (...args: string[]) => run(process.execPath, ['bin/fieldtrial.js', ...args])

if (!existsSync('miniature/docs')) fieldtrial('collect', 'docs', 'node_modules', '-o', 'miniature/docs', '-q')
if (!existsSync('miniature/code')) fieldtrial('collect', 'code', 'src', '-o', 'miniature/code', '-q')
if (!existsSync('miniature/scenes'))
  run(await findPython(), ['-m', 'nano.scenes', '--out', 'miniature/scenes', '--count', '200', '--train', '1500'], {
    PYTHONPATH: 'models/nano',
  })
const studies = { text: 'studies/miniature.yaml', images: 'studies/miniature-images.yaml' }
for (const [name, file] of Object.entries(studies))
  if (values.only === undefined || values.only === name)
    fieldtrial('run', file, ...(values.workspace === undefined ? [] : ['--workspace', values.workspace]))
