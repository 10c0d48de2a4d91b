import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { writeAtomic } from '../../core/atomic.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { LoggedEvent } from './events.ts'

/** What memory and time are estimated from. */
export interface JobSize {
  /** Numbers of the model, and of these in matrices that tokens are multiplied with. */
  readonly parameters: number
  readonly linear: number
  readonly trainable: number
  /** Whether the model's own weights are trained. */
  readonly full: boolean
  readonly layers: number
  readonly hidden: number
  readonly inner: number
  /** Vocabulary, where scores of it are trained too; else 0. */
  readonly scored: number
  readonly precision: 'float32' | 'bfloat16'
  readonly checkpointing: boolean
  /** Texts that go through at once; null: all of a pass. */
  readonly chunk: number | null
  readonly steps: number
  /** Tokens of an update on average, on all devices together, and texts. */
  readonly tokens: number
  readonly texts: number
  readonly accumulate: number
  readonly devices: number
  readonly onProcessor: boolean
  /** Whether weights are shared out over the devices. */
  readonly sharded: boolean
  /** The image tower, where there are pictures; `patches` of an update on average, on all devices together. */
  readonly tower?: {
    readonly trained: boolean
    readonly linear: number
    readonly layers: number
    readonly hidden: number
    readonly inner: number
    readonly patches: number
  }
}

export interface JobEstimate {
  /** Of each device, or of this machine's memory where the processor computes. */
  readonly memoryBytes: number
  readonly parts: {
    readonly weights: number
    readonly optimizer: number
    readonly states: number
    readonly process: number
  }
  readonly diskBytes: number
  readonly seconds: number
  /** Whether tokens per second come from an earlier training of this kind on this machine; else they are guessed. */
  readonly measured: boolean
}

/** Python with PyTorch; with CUDA's libraries and workspace on the device. */
const PROCESS = 0.8 * 2 ** 30
const ON_DEVICE = 1.5 * 2 ** 30
/** Numbers kept of a token in a layer for the backward pass: multiples of the hidden and the inner width; adapters with dropout keep their inputs again. */
const KEPT = { hidden: 10, inner: 5, adapterHidden: 5, adapterInner: 2 }
/** With checkpointing a layer keeps its input alone. */
const KEPT_CHECKPOINTED = 1
/** Operations per second: the processor's for each core, and a GPU's in 16 bits. Both only until a rate was measured. */
const GUESSED = { core: 2.5e10, gpu: 1.5e14 }

/**
 * Memory: weights, gradients and AdamW's two moments of what is trained (in float32, 12 bytes each), and the states that the backward pass needs:
 * for each token and layer 10 × hidden + 5 × inner numbers (with an adapter 15 and 7), with checkpointing one layer of these and the hidden
 * width for each other layer. Time: operations, 2 for each number of a matrix and token in a forward pass, twice that backward (half of it where
 * only an adapter is trained), and another forward pass for checkpointing and for GradCache each. An image tower counts alike where it is
 * trained; a frozen one keeps one layer's states and has no backward pass. docs/training.md sets it beside measurements.
 *
 * @param rate Tokens per second of an earlier training of the same kind; null if there was none.
 */
export function estimateJob(size: JobSize, rate: number | null): JobEstimate {
  const bytes = size.precision === 'float32' ? 4 : 2
  const share = size.sharded ? size.devices : 1
  const weights = (size.parameters * (size.full ? 4 : bytes)) / share
  const optimizer = (size.trainable * 12) / share
  const perPass = size.tokens / size.accumulate / size.devices
  const texts = size.texts / size.accumulate / size.devices
  const atOnce = size.chunk === null ? perPass : Math.min(perPass, (perPass / texts) * size.chunk)
  const layer =
    size.hidden * (KEPT.hidden + (size.full ? 0 : KEPT.adapterHidden)) +
    size.inner * (KEPT.inner + (size.full ? 0 : KEPT.adapterInner))
  const kept = size.checkpointing ? size.layers * KEPT_CHECKPOINTED * size.hidden + layer : size.layers * layer
  // A score in float32 and its gradient for each text and each word of the vocabulary.
  const states =
    towerStates(size, atOnce / Math.max(1, size.tokens)) * bytes +
    atOnce * kept * bytes +
    Math.min(texts, size.chunk ?? texts) * size.scored * 8
  const process = size.onProcessor ? PROCESS : ON_DEVICE
  const forward = 2 * size.linear * size.tokens
  const again = size.chunk === null ? 0 : 1
  const passes = 1 + (size.full ? 2 : 1) + (size.checkpointing ? 1 : 0) + again
  const seen = size.tower === undefined ? 0 : 2 * size.tower.linear * size.tower.patches
  const looks = size.tower?.trained ? passes : 1 + again
  const guessed = size.onProcessor ? GUESSED.core * availableParallelism() : GUESSED.gpu * size.devices
  const perStep = rate === null ? (forward * passes + seen * looks) / guessed : size.tokens / rate
  return {
    memoryBytes: weights + optimizer + states + process,
    parts: { weights, optimizer, states, process },
    diskBytes: size.trainable * 4 * 8,
    seconds: perStep * size.steps,
    measured: rate !== null,
  }
}

/** Numbers that the image tower keeps: of each patch and layer where it is trained, else of one layer at a time. @param share Of the update's tokens that go through at once. */
function towerStates({ tower, full, checkpointing }: JobSize, share: number): number {
  if (tower === undefined) return 0
  const layer =
    tower.hidden * (KEPT.hidden + (full ? 0 : KEPT.adapterHidden)) +
    tower.inner * (KEPT.inner + (full ? 0 : KEPT.adapterInner))
  const all = checkpointing ? tower.layers * KEPT_CHECKPOINTED * tower.hidden + layer : tower.layers * layer
  return share * tower.patches * (tower.trained ? all : layer)
}

/** Where a training's speed is remembered: it depends on the model, on what is trained, on the way and on the machine. */
export function trainingRateKey(what: Json): string {
  return fingerprint({ training: what, cpu: cpus()[0]?.model ?? '', cores: availableParallelism() }).slice(0, 32)
}

/** Tokens per second by key. */
export async function readTrainingRates(workspace: Workspace): Promise<Readonly<Record<string, number>>> {
  try {
    return JSON.parse(await readFile(workspace.path('cache', 'training-rates.json'), 'utf8')) as Record<string, number>
  } catch {
    return {} // an estimate without it is a guess, and says so
  }
}

/**
 * Tokens per second of a job, without the first update of each start, which waits for kernels and the compiler; null where there is no other.
 *
 * @param compiled Of the starts in which the worker said that layers are compiled, or that they are not.
 */
export function steadyRate(events: readonly LoggedEvent[], compiled: boolean): number | null {
  let [tokens, seconds, first, counted] = [0, 0, true, false]
  for (const event of events) {
    if (event.event === 'ready') [first, counted] = [true, event.compiled === compiled]
    if (event.event !== 'step') continue
    if (!first && counted) {
      tokens += event.tokens
      seconds += event.seconds
    }
    first = false
  }
  return seconds > 0 ? tokens / seconds : null
}

export async function rememberTrainingRate(workspace: Workspace, key: string, rate: number): Promise<void> {
  const rates = { ...(await readTrainingRates(workspace)), [key]: Math.round(rate) }
  await writeAtomic(workspace.path('cache', 'training-rates.json'), JSON.stringify(rates))
}
