import { existsSync } from 'node:fs'
import { FieldtrialError } from '../../core/errors.ts'
import { modelByName, unknownModel } from '../../data/models/index.ts'
import { datasetHint, expandGroup, findDataset, whyNotOpened } from '../../data/registry/index.ts'

/**
 * Refuses what no study could open, without the network: collections that are neither there nor known, models that are neither there nor
 * named nor `owner/name`.
 *
 * @throws FieldtrialError `DATA_MISSING`, `MODEL_MISSING`, `USAGE` for a pattern that matches nothing.
 */
export function checkNames(collections: readonly string[], models: readonly string[]): void {
  for (const source of collections) checkCollection(source)
  for (const model of models)
    if (!existsSync(model) && modelByName(model) === undefined && !/^[^/.][^/]*\/[^/]+$/.test(model))
      throw unknownModel(model)
}

function checkCollection(source: string): void {
  if (existsSync(source) || source.startsWith('hf:')) return
  const known = findDataset(source)
  const why = known && whyNotOpened(known)
  if (known && why !== undefined)
    throw new FieldtrialError('DATA_MISSING', `${known.id} cannot be opened: ${why}.`, {
      hint: '`fieldtrial datasets --available` lists those that can.',
    })
  if (known === undefined && expandGroup(source) === undefined)
    throw new FieldtrialError('DATA_MISSING', `There is no folder, .zip or known data set ${source}.`, {
      hint: datasetHint(source) ?? 'Check the path; `fieldtrial datasets` lists the known names.',
    })
}
