import { join } from 'node:path'
import { temporaryFolder } from './files.ts'
import { TestHub } from './hub-server.ts'

/** A hub, an empty home to fetch into, and what the hub's readers are told of both. */
export async function hubAndHome() {
  const hub = await TestHub.start()
  const home = await temporaryFolder()
  const context = {
    cacheDir: join(home, 'own'),
    retryDelayMs: 1,
    env: { HF_ENDPOINT: hub.endpoint, HF_HOME: join(home, 'hf') },
  }
  return { hub, home, context }
}
