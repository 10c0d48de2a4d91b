import type { DualShape } from '../../dual/shape.ts'
import type { FixedSettings } from '../../image/settings.ts'
import type { Checkpoint } from '../../text/safetensors.ts'
import type { PlainError } from '../messages.ts'
import type { Device } from '../plan.ts'

export interface TowerStart {
  readonly checkpoint: Checkpoint
  readonly shape: DualShape
  readonly settings: FixedSettings
  readonly device: Device
  readonly threads: number
}

/** `null` in place of one ends the thread. */
export type TowerRequest =
  | {
      readonly id: number
      readonly kind: 'texts'
      /** Texts of one length, one behind the other. */
      readonly ids: BigInt64Array
      readonly length: number
    }
  | {
      readonly id: number
      readonly kind: 'images'
      /** Rows of RGB, one picture behind the other. */
      readonly pixels: Uint8Array
    }

/** The first reply has id 0 and tells whether the text tower is loaded; its vectors are empty. */
export type TowerReply =
  | { readonly id: number; readonly ok: true; readonly vectors: Float32Array }
  | { readonly id: number; readonly ok: false; readonly error: PlainError }
