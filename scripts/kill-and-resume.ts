// Runs a study over SciFact once undisturbed, and once killed with SIGKILL ten times at random moments and resumed; then compares
// every score. Usage: node scripts/kill-and-resume.ts COLLECTION MODEL [KILLS] [SEED]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runCli } from '../test/support/cli.ts'
import { hashScores, killAndResume } from '../test/support/kill.ts'

const [collection, model, kills = '10', seed = '1'] = process.argv.slice(2)
if (!collection || !model) throw new Error('usage: node scripts/kill-and-resume.ts COLLECTION MODEL [KILLS] [SEED]')
const folder = mkdtempSync(join(tmpdir(), 'fieldtrial-kill-'))
const study = join(folder, 'study.yaml')
writeFileSync(
  study,
  `collections: [${JSON.stringify(resolve(collection))}]
baselines: [bm25, 'bm25:multifield']
models: [{ id: encoder, model: ${JSON.stringify(resolve(model))}, maxLength: 64 }]
fusion: ['rrf:bm25,encoder']
`,
)
console.log('undisturbed run …')
const started = performance.now()
const whole = await runCli(['run', study, '-w', join(folder, 'w1'), '-o', join(folder, 'whole'), '--quiet'])
if (whole.code !== 0) throw new Error(whole.stderr)
const took = performance.now() - started
console.log(`  ${(took / 1000).toFixed(1)} s`)
const { hashes, killed } = await killAndResume({
  args: ['run', study],
  workspace: join(folder, 'w2'),
  output: join(folder, 'killed'),
  kills: Number(kills),
  // Kills fall anywhere in a tenth of the whole job at a time, so that all steps are hit before it is done.
  within: [200, Math.max(1000, (2 * took) / Number(kills))],
  seed: Number(seed),
  onKill: (nth, after) => console.log(`  kill ${nth} after ${after} ms`),
})
const expected = await hashScores(join(folder, 'whole'))
const same = JSON.stringify(hashes) === JSON.stringify(expected)
for (const [name, hash] of Object.entries(expected))
  console.log(`${hash === hashes[name] ? 'same     ' : 'DIFFERENT'} ${name} ${hash.slice(0, 16)}`)
console.log(same ? `killed ${killed} times: byte-identical scores` : 'SCORES DIFFER')
if (same) rmSync(folder, { recursive: true })
process.exitCode = same && killed > 0 ? 0 : 1
