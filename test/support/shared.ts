import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'

const root = fileURLToPath(new URL('../../../shared/', import.meta.url))

/** Path of a file or folder in the reference data beside the checkout. */
export function sharedPath(relative: string): string {
  return `${root}${relative}`
}

/** Path of the all-MiniLM-L6-v2 folder that `.ci/run` fetches; `FIELDTRIAL_MINILM` names another place. */
export const minilmPath =
  process.env.FIELDTRIAL_MINILM ?? fileURLToPath(new URL('../../.models/all-MiniLM-L6-v2', import.meta.url))

/** Path of the Qwen2.5-Coder-0.5B-Instruct folder that `.ci/run` makes. */
export const qwenPath = fileURLToPath(new URL('../../.models/qwen2.5-coder-0.5b-instruct', import.meta.url))

/** Path of the GGUF file that it is made from. */
export const qwenGgufPath = fileURLToPath(
  new URL('../../.models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf', import.meta.url),
)

/** `describe`, or a skip with a printed reason where a path that the tests need is absent. */
export function describeWith(name: string, needs: readonly string[], body: () => void): void {
  const absent = needs.find((path) => !existsSync(path))
  if (absent === undefined) {
    describe(name, body)
    return
  }
  const reason = `skipped: ${relative(root, absent)} is absent`
  console.warn(`${name}: ${reason}`)
  // The body is not even collected: it may read what is not there.
  describe(name, () => {
    it.skip(reason, () => undefined)
  })
}

/** `describe` for tests over `../shared/…` paths. */
export function describeShared(name: string, relative: readonly string[], body: () => void): void {
  describeWith(name, relative.map(sharedPath), body)
}
