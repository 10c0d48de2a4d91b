import { existsSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/files.ts'
import { isAlive } from '../../../test/support/torch.ts'
import { TrainerProcess } from './trainer-process.ts'

const FINISHED = JSON.stringify({ event: 'finished', step: 3, folder: '/out/model', stopped: null })
/** A process of the job's own, as compilers are, which holds the job's pipes and writes its number down. */
const HELPER = 'sleep 60 & echo $! > helper'

describe.skipIf(process.platform === 'win32')('the process of a training', { timeout: 20_000 }, () => {
  async function start(lines: string): Promise<{ job: TrainerProcess; folder: string; helper: () => Promise<number> }> {
    const folder = await temporaryFolder()
    const python = join(folder, 'python')
    await writeFile(python, `#!/bin/sh\ncd ${folder}\n${lines}\n`)
    await chmod(python, 0o755)
    const helper = async () => Number(await readFile(join(folder, 'helper'), 'utf8'))
    return { job: new TrainerProcess(python, [], null), folder, helper }
  }
  const allOf = async (job: TrainerProcess) => {
    const events: string[] = []
    for await (const { event } of job.events()) events.push(event)
    return events
  }

  it('is not waited for by what it leaves behind, which is ended', async () => {
    const { job, helper } = await start(`${HELPER}\necho '${FINISHED}'`)
    expect(await allOf(job)).toEqual(['finished'])
    await job.close()
    expect(isAlive(await helper())).toBe(false)
  })

  it('tells that it has ended without a word, whatever it leaves behind', async () => {
    const { job, helper } = await start(`${HELPER}\necho "something is wrong" >&2\nexit 3`)
    await expect(allOf(job)).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: 'The training process ended with status 3: something is wrong.',
    })
    await job.close()
    expect(isAlive(await helper())).toBe(false)
  })

  it('is done when it says so, and is ended where it hangs afterwards', async () => {
    const { job } = await start(`echo '${FINISHED}'\nsleep 60`)
    const before = Date.now()
    expect(await allOf(job)).toEqual(['finished'])
    expect(Date.now() - before).toBeLessThan(3000)
    const { pid } = job
    await job.close()
    expect(isAlive(pid!)).toBe(false)
  })

  it('alone is asked to end: an update under way needs what it has started', async () => {
    const own = `trap 'echo asked > asked; echo "${FINISHED.replaceAll('"', '\\"')}"; exit' TERM`
    const { job, folder, helper } = await start(`${own}\n${HELPER}\nwhile true; do sleep 0.05; done`)
    while (!existsSync(join(folder, 'helper'))) await sleep(20)
    await sleep(100)
    job.stop()
    expect(await allOf(job)).toEqual(['finished'])
    expect(existsSync(join(folder, 'asked'))).toBe(true)
    expect(isAlive(await helper())).toBe(true)
    await job.close()
    expect(isAlive(await helper())).toBe(false)
  })
})
