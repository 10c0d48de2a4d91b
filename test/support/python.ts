import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'

/** The project's own Python, for tests that compare with reference tools. */
export const pythonPath = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url))

const REFERENCE = fileURLToPath(new URL('../reference/', import.meta.url))
let usable: boolean | undefined

/** Whether that Python is there and has PyTorch and transformers; asked once. */
export function hasTransformers(): boolean {
  usable ??=
    existsSync(pythonPath) &&
    spawnSync(pythonPath, [
      '-c',
      'import importlib.util as u, sys; sys.exit(any(u.find_spec(n) is None for n in ("torch", "transformers")))',
    ]).status === 0
  return usable
}

/** `describe` for tests that need PyTorch and transformers; skips with a printed reason where they are absent. */
export function describeTransformers(name: string, body: () => void): void {
  describeWithPython(name, hasTransformers(), 'torch and transformers', body)
}

/** The same for tests whose reference reads pictures, too. */
export function describePictures(name: string, body: () => void): void {
  const usable = hasTransformers() && spawnSync(pythonPath, ['-c', 'import PIL']).status === 0
  describeWithPython(name, usable, 'torch, transformers and pillow', body)
}

function describeWithPython(name: string, usable: boolean, packages: string, body: () => void): void {
  if (usable) {
    describe(name, body)
    return
  }
  const reason = `skipped: .venv/bin/python with ${packages} is absent`
  console.warn(`${name}: ${reason}`)
  describe(name, () => {
    it.skip(reason, () => undefined)
  })
}

/** `describe` for tests that need sentence-transformers as well; skips with a printed reason where it is absent. */
export function describeSentenceTransformers(name: string, body: () => void): void {
  const there =
    hasTransformers() &&
    spawnSync(pythonPath, [
      '-c',
      'import importlib.util as u, sys; sys.exit(u.find_spec("sentence_transformers") is None)',
    ]).status === 0
  if (there) {
    describe(name, body)
    return
  }
  const reason = 'skipped: .venv/bin/python with sentence-transformers is absent'
  console.warn(`${name}: ${reason}`)
  describe(name, () => {
    it.skip(reason, () => undefined)
  })
}

/**
 * Runs a script of `test/reference/` and returns what it prints.
 *
 * @throws Error with the script's standard error where it fails.
 */
export function runPython(script: string, args: readonly string[]): string {
  try {
    return execFileSync(pythonPath, [`${REFERENCE}${script}`, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 2 ** 28,
      env: { ...process.env, HF_HUB_OFFLINE: '1', TOKENIZERS_PARALLELISM: 'false' },
    })
  } catch (error) {
    throw new Error(`${script} failed: ${(error as { stderr?: string }).stderr ?? String(error)}`)
  }
}
