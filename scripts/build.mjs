// Compiles src/ to dist/, the browser's pages to dist/web/, copies the Python worker to dist/worker/, and writes the JSON Schemas of study and training files.
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
rmSync('dist', { recursive: true, force: true })
const typescript = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
execFileSync(process.execPath, [typescript, '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
execFileSync(process.execPath, ['scripts/build-web.mjs'], { stdio: 'inherit' })
// The Python side of engine torch travels with what is published.
for (const part of ['fieldtrial_worker', 'requirements.txt'])
  cpSync(`worker/${part}`, `dist/worker/${part}`, { recursive: true, filter: (path) => !path.includes('__pycache__') })
const { studyJsonSchema } = await import('../dist/study/schema.js')
writeFileSync('dist/study.schema.json', `${JSON.stringify(studyJsonSchema(), null, 2)}\n`)
const { trainJsonSchema } = await import('../dist/train/parse.js')
writeFileSync('dist/training.schema.json', `${JSON.stringify(trainJsonSchema(), null, 2)}\n`)
