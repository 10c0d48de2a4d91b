import { FieldtrialError } from '../../core/errors.ts'
import type { ModelFolder } from './files.ts'
import type { Checkpoint } from './safetensors.ts'

/** @throws FieldtrialError `MODEL_INVALID` for a model without safetensors. */
export function requireCheckpoint({ checkpoint, transformer }: ModelFolder): Checkpoint {
  if (checkpoint !== null) return checkpoint
  throw new FieldtrialError('MODEL_INVALID', `${transformer} has no model.safetensors.`, {
    where: { file: transformer },
    hint: 'Save the model as safetensors: pickled weights (pytorch_model.bin) are never read.',
  })
}
