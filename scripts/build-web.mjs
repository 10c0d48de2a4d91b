/**
 * Builds the pages of web/ into HTML files without data: dist/web/report.html (a study) and dist/web/training.html (a training), one file each.
 * A file appears whole or not at all, so that two builds at a time do no harm.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { viteSingleFile } from 'vite-plugin-singlefile'

const root = fileURLToPath(new URL('../web/', import.meta.url))
const folder = fileURLToPath(new URL('../dist/web/', import.meta.url))

async function buildPage(input, output) {
  const result = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [viteSingleFile({ removeViteModuleLoader: true })],
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      write: false,
      target: 'es2023',
      modulePreload: false,
      reportCompressedSize: false,
      rollupOptions: { input: `${root}${input}` },
    },
  })
  const page = result.output.find((file) => file.fileName === input)
  const others = result.output.filter((file) => file !== page)
  if (page === undefined || others.length > 0)
    throw new Error(`${input} is not one file: ${result.output.map((file) => file.fileName).join(', ')}`)
  const partial = `${folder}${output}.${process.pid}.partial`
  await mkdir(folder, { recursive: true })
  await writeFile(partial, page.source)
  await rename(partial, `${folder}${output}`)
}

await buildPage('index.html', 'report.html')
await buildPage('training.html', 'training.html')
