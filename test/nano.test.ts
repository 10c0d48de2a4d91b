import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { describePictures, pythonPath } from './support/python.ts'

const nano = fileURLToPath(new URL('../models/nano/', import.meta.url))

/** How many tests of a Python module ran; fails with what it printed where one did not pass. */
function runUnittest(module: string): number {
  const said = execFileSync('/bin/sh', ['-c', '"$0" -m unittest "$1" 2>&1', pythonPath, module], {
    cwd: nano,
    encoding: 'utf8',
    env: { ...process.env, HF_HUB_OFFLINE: '1', TOKENIZERS_PARALLELISM: 'false', OMP_NUM_THREADS: '2' },
  })
  return Number(/^Ran (\d+) tests? in/m.exec(said)?.[1] ?? 0)
}

describePictures('the nano family', () => {
  it('reads, guards and makes its texts and pictures', { timeout: 300_000 }, () => {
    expect(runUnittest('tests.test_data')).toBeGreaterThan(15)
  })

  it('trains, stops and goes on, and is what transformers computes', { timeout: 600_000 }, () => {
    expect(runUnittest('tests.test_training')).toBeGreaterThan(12)
  })

  it('learns from a teacher, stops and goes on', { timeout: 600_000 }, () => {
    expect(runUnittest('tests.test_distill')).toBeGreaterThan(5)
  })
})
