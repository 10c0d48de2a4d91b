// Installs the locked dependencies if they are not there or not those of the lockfile. Runs on old Node versions too.
import { execSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const mark = 'node_modules/.fieldtrial-lock'
const wanted = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex')
if (!existsSync(mark) || readFileSync(mark, 'utf8') !== wanted) {
  process.stderr.write('Installing dependencies (once) …\n')
  execSync('npm ci --loglevel=error', { stdio: ['ignore', 'inherit', 'inherit'] })
  writeFileSync(mark, wanted)
}
