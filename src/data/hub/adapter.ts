import { FieldtrialError } from '../../core/errors.ts'
import { modelByName } from '../models/index.ts'
import { isDirectory } from '../open-folder.ts'
import { type HubContext, hubConfig } from './config.ts'
import type { ResolvedModel } from './model.ts'
import { parseRef } from './ref.ts'
import { fetchSnapshot } from './snapshot.ts'

const FILES = ['adapter_config.json', 'adapter_model.safetensors']

/**
 * The folder of LoRA weights in PEFT's layout: a local one as it is, a named one at its pinned commit, or `owner/name[@revision]` from the hub.
 *
 * @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID` where the weights are there as pickle only, `NETWORK`, `OFFLINE`.
 */
export async function resolveAdapter(ref: string, context: HubContext): Promise<ResolvedModel> {
  if (!ref.startsWith('hf:') && (await isDirectory(ref))) return { folder: ref, commit: null }
  if (ref.startsWith('/') || ref.startsWith('.'))
    throw new FieldtrialError('MODEL_MISSING', `There is no adapter folder ${ref}.`, {
      hint: 'Check the path; an adapter on the hub is named owner/name.',
    })
  const [name = '', revision] = ref.replace(/^hf:/, '').split('@')
  const named = modelByName(name)
  const at = revision ?? named?.revision
  const repo = parseRef('model', `${named?.hub ?? name}${at ? `@${at}` : ''}`)
  const { folder, commit } = await fetchSnapshot(hubConfig(context), repo, (paths) => {
    const missing = FILES.find((file) => paths.length > 0 && !paths.includes(file))
    if (missing === undefined) return FILES
    throw new FieldtrialError('MODEL_INVALID', `${repo.id} has no ${missing}.`, {
      hint:
        missing === FILES[1] && paths.includes('adapter_model.bin')
          ? 'Its weights are there as pickle only, which is never read: convert them to safetensors with PEFT.'
          : 'Name an adapter in PEFT’s layout.',
    })
  })
  return { folder, commit }
}
