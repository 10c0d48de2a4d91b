/** How long a person waits for `fieldtrial --help`: process start to exit, beside a bare Node's. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BenchRow, benchRow, reportBench, type Skip } from './lib/report.ts'
import { interleave } from './lib/timing.ts'

const bin = fileURLToPath(new URL('../bin/fieldtrial.js', import.meta.url))
const built = fileURLToPath(new URL('../dist', import.meta.url))

function start(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore', env: { ...process.env, NO_COLOR: '1' } })
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')} ended with ${code}`)),
    )
  })
}

const rows: BenchRow[] = []
const skips: Skip[] = []
if (!existsSync(bin) || !existsSync(built))
  skips.push({ name: 'fieldtrial --help', reason: 'not built (run npm run build)' })
else {
  const times = await interleave(
    { help: () => start(process.execPath, [bin, '--help']), node: () => start(process.execPath, ['-e', '0']) },
    { rounds: 15, warmup: 2 },
  )
  rows.push(
    benchRow({
      name: 'fieldtrial --help, start to exit',
      ours: times.help.median,
      unit: 's',
      better: 'lower',
      target: { below: 0.2 },
    }),
    benchRow({ name: 'of which Node itself', ours: times.node.median, unit: 's', better: 'lower' }),
  )
}
await reportBench(rows, { title: 'Start of the command', skips })
