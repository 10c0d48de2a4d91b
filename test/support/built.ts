import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

const engines = fileURLToPath(new URL('../../dist/engines/index.js', import.meta.url))

/**
 * The engines as they are shipped, for tests that open encoders by the hundred. From sources, every encoder's thread strips types in
 * WebAssembly anew, and V8 now and then aborts when threads with much such code come and go (`Check failed: jit_page.has_value()`,
 * github.com/nodejs/node/issues/64500). What is shipped strips nothing.
 */
export async function builtEngines(): Promise<typeof import('../../src/engines/index.ts')> {
  if (!existsSync(engines)) throw new Error('dist/ is not built: run `npm run build` (or `npm test`, which does) first')
  return (await import(pathToFileURL(engines).href)) as typeof import('../../src/engines/index.ts')
}
