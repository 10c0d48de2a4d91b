import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { availableMemory } from 'node:process'
import { makeFolder, writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { withLock } from '../../core/lock.ts'
import type { LongWork } from '../../core/progress.ts'
import { VERSION } from '../../core/version.ts'
import type { Workspace } from '../../core/workspace.ts'
import { requireDevices } from '../../engines/torch/devices.ts'
import { probePython } from '../../engines/torch/python.ts'
import { machineInfo } from '../../study/machine.ts'
import { DevWatch } from './dev-watch.ts'
import { rememberTrainingRate, steadyRate } from './estimate.ts'
import { evaluateDev } from './evaluate-dev.ts'
import { EventLog, type StepEvent, type WorkerEvent } from './events.ts'
import { finishJob } from './finish.ts'
import { clearJob, type JobState, jobState } from './folder.ts'
import { lacksMerged, mergeAdapter, mergedFolder } from './merged.ts'
import type { TrainingPlan } from './plan.ts'
import { RECORD_VERSION, type TrainingRecord, writeTrainingRecord } from './record.ts'
import { TrainerProcess, trainerArguments } from './trainer-process.ts'

export interface RunTrainingOptions extends LongWork {
  /** Gives up what an earlier training left in the folder. */
  readonly restart?: boolean
  /** Told of evaluations, checkpoints and what the worker notes, each as a line. */
  readonly onLine?: (line: string) => void
  /** Bytes that are free on this machine; default: what the system says. */
  readonly availableMemory?: number
}

/** A finished training. */
export interface TrainedJob {
  readonly folder: string
  /** LoRA weights, or the whole model. */
  readonly modelFolder: string
  /** The whole model with the adapter merged in; null where none was asked for, or all weights were trained. */
  readonly mergedFolder: string | null
  /** Nothing had to be trained. */
  readonly cached: boolean
  readonly record: TrainingRecord
}

const GIB = 2 ** 30

/**
 * Trains, or goes on from the last checkpoint, or takes what is finished already; what the file asks for besides is made of it.
 *
 * @throws FieldtrialError `ENGINE_FAILED` for too little memory, a loss that is no number or grows, a worker that dies; `FINGERPRINT_MISMATCH` for
 *   a folder of another training; `DISK_FULL`, `CANCELLED`. Checkpoints stay, and the next call goes on from the last.
 */
export async function runTraining(
  plan: TrainingPlan,
  workspace: Workspace,
  options: RunTrainingOptions = {},
): Promise<TrainedJob> {
  const { folder, merged } = plan.training
  if (merged && plan.adapter === null)
    options.onLine?.('`merged: true` adds nothing: all weights are trained, and model/ holds the whole model.')
  return withLock(
    `${folder}.lock`,
    async () => {
      const state = await jobState(plan, options.restart)
      if (state.kind === 'finished') {
        const { record } = state
        if (await lacksMerged(plan, record)) {
          options.onLine?.('Merges the finished adapter into its base; nothing is trained again.')
          await mergeAdapter(plan, record, record.result!, options)
        }
        return finishedJob(plan, record, true)
      }
      throwIfAborted(options.signal)
      await requireDevices(plan.torch.python, plan.training.device, plan.torch.devices)
      await requireTrainingMemory(plan, options.availableMemory)
      return train(plan, state, workspace, options)
    },
    {
      ...(options.signal ? { signal: options.signal } : {}),
      onWait: (holder) => options.onLine?.(`${holder} trains in the same folder; waiting for it.`),
    },
  )
}

/** What a finished training is to those who use it. */
export function finishedJob({ training }: TrainingPlan, record: TrainingRecord, cached: boolean): TrainedJob {
  const { folder, merged } = training
  const modelFolder = join(folder, 'model')
  const whole = merged && record.result!.kind === 'adapter' ? mergedFolder(training) : null
  return { folder, modelFolder, mergedFolder: whole, cached, record }
}

/** Before a byte is loaded: a process that the system ends for want of memory says nothing. */
async function requireTrainingMemory(plan: TrainingPlan, given: number | undefined): Promise<void> {
  const { estimate, torch, size } = plan
  const needed = estimate.memoryBytes * (size.onProcessor ? torch.devices.length : 1)
  const free = size.onProcessor ? (given ?? availableMemory()) : await freeOnDevices(plan)
  if (free === null || needed <= free) return
  const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`
  const { weights, optimizer, states } = estimate.parts
  throw new FieldtrialError(
    'ENGINE_FAILED',
    `${plan.training.name} needs about ${gib(needed)} of memory (weights ${gib(weights)}, gradients and optimiser ${gib(optimizer)}, states ${gib(states)}); ${gib(free)} are free. Nothing was loaded.`,
    {
      hint:
        states > weights + optimizer
          ? 'Write `batch: { chunk: 16 }` (GradCache), `gradientCheckpointing: true`, shorter texts, or a smaller batch.'
          : size.full
            ? 'Train an adapter (`adapter: lora`) in place of all weights, or take a smaller model.'
            : 'Take `precision: bfloat16`, a smaller model, or share the weights out (`strategy: fsdp`).',
    },
  )
}

async function freeOnDevices({ torch }: TrainingPlan): Promise<number | null> {
  const { devices } = await probePython(torch.python, { devices: true })
  const free = (devices ?? []).filter(({ name }) => torch.devices.includes(name)).map((device) => device.free)
  return free.length === 0 || free.includes(null) ? null : Math.min(...(free as number[]))
}

async function train(
  plan: TrainingPlan,
  state: Exclude<JobState, { kind: 'finished' }>,
  workspace: Workspace,
  options: RunTrainingOptions,
): Promise<TrainedJob> {
  const { training, torch, job } = plan
  const { folder } = training
  if (state.kind === 'new') await clearJob(folder)
  await makeFolder(folder)
  const record = state.kind === 'resume' ? state.record : newRecord(plan)
  await writeTrainingRecord(folder, record)
  const resume = state.kind === 'resume' ? state.checkpoint : null
  const jobFile = join(folder, 'job.json')
  await writeAtomic(jobFile, `${JSON.stringify({ ...job, resume }, null, 1)}\n`)
  const log = await EventLog.open(join(folder, 'events.jsonl'))
  await (state.kind === 'resume' ? log.rewind(state.step, state.evaluated) : log.rewind(-1))
  if (state.kind === 'resume') options.onLine?.(`Goes on from step ${state.step}.`)
  const watch = new DevWatch(training.evaluation?.patience ?? 0)
  for (const event of log.events) if (event.event === 'score') watch.add(event.step, event.value)

  const hosts = training.hosts === null ? null : { ...training.hosts, rank: 0 }
  const process = new TrainerProcess(torch.python, trainerArguments(jobFile, torch.devices.length, hosts), job.threads)
  const stop = () => process.stop()
  options.signal?.addEventListener('abort', stop, { once: true })
  try {
    let finished: (WorkerEvent & { event: 'finished' }) | null = null
    let tokens = 0
    for await (const event of process.events()) {
      if (event.event === 'dev') await answerDev(plan, event, { log, watch, process, options })
      else await log.add(event)
      if (event.event === 'step') {
        tokens += event.tokens
        tellStep(plan, event, tokens, options)
      } else if (event.event === 'ready' && event.compiled)
        options.onLine?.('Layers are compiled: the first update waits for that, half a minute or so.')
      else if (event.event === 'note') options.onLine?.(event.message)
      else if (event.event === 'checkpoint') options.onLine?.(`Checkpoint of step ${event.step} of ${job.steps}.`)
      else if (event.event === 'finished') finished = event
    }
    if (finished === null || finished.stopped === 'cancelled') throw stopped()
    const done = await finishJob(plan, record, log.events, finished, options)
    // What the worker did, which may not be what was planned, nor the same in each start.
    for (const compiled of [false, true]) {
      const rate = steadyRate(log.events, compiled)
      if (rate !== null) await rememberTrainingRate(workspace, plan.rateKeyOf(compiled), rate)
    }
    return finishedJob(plan, done, false)
  } catch (error) {
    // Python may not have been ready to hear that it is to stop, or have died of it.
    const died = error instanceof FieldtrialError && error.code === 'ENGINE_FAILED'
    throw died && options.signal?.aborted ? stopped(error) : error
  } finally {
    options.signal?.removeEventListener('abort', stop)
    await process.close()
  }
}

function stopped(cause?: unknown): FieldtrialError {
  return new FieldtrialError('CANCELLED', 'Stopped.', {
    hint: 'Run the same command again: training goes on from the last checkpoint.',
    cause,
  })
}

async function answerDev(
  plan: TrainingPlan,
  event: WorkerEvent & { event: 'dev' },
  at: {
    readonly log: EventLog
    readonly watch: DevWatch
    readonly process: TrainerProcess
    readonly options: RunTrainingOptions
  },
): Promise<void> {
  const { detail } = plan.dev!
  const { measure } = plan.training.evaluation!
  const { similarity } = plan.torch.recipe
  const { value, perQuery } = await evaluateDev(event.vectors, detail, measure, similarity, at.options)
  await rm(event.vectors, { force: true })
  const { best, stop } = at.watch.add(event.step, value)
  const values = detail.queries.map((id) => perQuery.get(id) ?? 0)
  await at.log.add({ event: 'score', step: event.step, value, best, values })
  at.options.onLine?.(
    `Step ${event.step}: ${measure} ${value.toFixed(4)} on ${detail.collection} (${detail.split})${best ? ', the best so far' : `; best ${at.watch.best!.value.toFixed(4)} at step ${at.watch.best!.step}`}.`,
  )
  at.process.answer(stop ? { go: false, best, reason: 'early' } : { go: true, best })
}

function tellStep({ job, training }: TrainingPlan, event: StepEvent, tokens: number, { onProgress }: LongWork): void {
  onProgress?.({
    step: 'train',
    subject: training.name,
    done: event.step,
    total: job.steps,
    unit: 'steps',
    tokens,
    note: `loss ${event.loss.toFixed(3)} · lr ${event.lr.toExponential(1)}`,
  })
}

function newRecord({ training, base, job, set, dev, estimate }: TrainingPlan): TrainingRecord {
  const {
    loss,
    batch,
    optimizer,
    steps,
    epochs,
    adapterConfig,
    vision,
    precision,
    devices,
    strategy,
    seed,
    checkpointing,
  } = job
  return {
    recordVersion: RECORD_VERSION,
    fieldtrial: VERSION,
    name: training.name,
    description: training.description,
    state: 'started',
    fingerprint: job.fingerprint,
    identity: job.identity,
    base: training.given,
    recipe: base.recipe,
    job: {
      loss,
      batch,
      optimizer,
      steps,
      epochs,
      adapterConfig,
      vision,
      precision,
      devices,
      strategy,
      seed,
      checkpointing,
    },
    data: set.detail,
    estimate,
    machine: machineInfo(),
    startedAt: new Date().toISOString(),
    watched:
      dev === null
        ? null
        : {
            collection: dev.detail.collection,
            split: dev.detail.split,
            measure: training.evaluation!.measure,
            queries: dev.detail.queries.length,
            documents: dev.detail.documents.length,
            of: dev.detail.of,
          },
    result: null,
  }
}
