import type { PromptTokenizer } from '../text/tokenizer/prompt-tokenizer.ts'
import type { TorchPlan } from './plan.ts'
import { type EncodeRequest, int32Base64, type Loaded, type LoadRequest } from './protocol.ts'
import { giveBack, takeProcess } from './worker-pool.ts'
import { WorkerDied, type WorkerProcess } from './worker-process.ts'

interface RequestOptions {
  readonly signal?: AbortSignal
  readonly onDone?: (done: number) => void
}

/** Processes that a model is loaded in, one after the other, where they are killed meanwhile. */
const LOAD_TRIES = 2

/**
 * A worker with the model on one device. Where its process dies it is started anew, and what it was at is done again; where that one dies
 * too before it has finished anything, its end is an error. One that is killed while it loads the model is started anew once, too; one that
 * ends by itself then would do so again.
 */
export class Worker {
  private readonly python: string
  private readonly load: LoadRequest
  private process: WorkerProcess | null = null
  private dead: WorkerProcess | null = null
  private restart: Promise<void> | null = null
  private closed = false

  constructor(plan: TorchPlan, device: string, tokenizer: PromptTokenizer, threads: number | null) {
    this.python = plan.python
    this.load = loadRequest(plan, device, tokenizer, threads)
  }

  /** @throws FieldtrialError what the worker says; `WorkerDied` where its process ends by itself, or is killed each time. */
  async start(signal?: AbortSignal): Promise<Loaded> {
    for (let tries = 1; ; tries++) {
      const process = takeProcess(this.python)
      this.process = process
      try {
        return await process.request<Loaded>(this.load, { signal })
      } catch (error) {
        if (!(error instanceof WorkerDied) || this.closed) throw error
        await process.close()
        if (!error.killed) throw error
        if (tries === LOAD_TRIES) throw killedWhileLoading(error)
      }
    }
  }

  /** @throws FieldtrialError what the worker says; `WorkerDied` where its process dies for the second time. */
  async request<T>(request: EncodeRequest, options: RequestOptions): Promise<T> {
    const asked = this.process!
    try {
      return await this.ask<T>(asked, request, options)
    } catch (error) {
      if (!(error instanceof WorkerDied) || this.closed) throw error
      // Requests that were under way together share one restart.
      if (this.dead === null) {
        this.dead = asked
        this.restart = this.again(asked, options.signal)
      } else if (asked !== this.dead) throw error
      await this.restart
      return this.ask<T>(this.process!, request, options)
    }
  }

  async close(): Promise<void> {
    this.closed = true
    if (this.process !== null) await giveBack(this.python, this.process)
  }

  private async ask<T>(process: WorkerProcess, request: EncodeRequest, options: RequestOptions): Promise<T> {
    const answer = await process.request<T>(request, options)
    if (process !== this.dead) this.dead = null
    return answer
  }

  private async again(dead: WorkerProcess, signal: AbortSignal | undefined): Promise<void> {
    await dead.close()
    await this.start(signal)
  }
}

function killedWhileLoading(last: WorkerDied): WorkerDied {
  return new WorkerDied(`The model was not loaded, ${LOAD_TRIES} times in a row. ${last.message}`, {
    killed: true,
    hint: 'The system ends what takes too much memory: see what is free, use dtype bfloat16, a smaller model, fewer copies or another device.',
    cause: last,
  })
}

function loadRequest(plan: TorchPlan, device: string, tokenizer: PromptTokenizer, threads: number | null): LoadRequest {
  const { recipe } = plan
  return {
    method: 'load',
    folder: plan.weightsFolder,
    gguf: plan.gguf,
    adapter: plan.adapter,
    dtype: plan.dtype,
    device,
    decoder: plan.decoder,
    packed: plan.packed,
    layer: recipe.layer,
    finalNorm: recipe.finalNorm,
    direction: recipe.attention,
    pooling: recipe.pooling,
    scores: recipe.sparse !== null || recipe.generate !== null,
    generates: recipe.generate?.maxTokens ?? 0,
    stops: int32Base64(recipe.generate === null ? [] : stopTokens(tokenizer, recipe.generate.stop)),
    budget: plan.budget,
    threads: device === 'cpu' ? threads : null,
    weightBytes: plan.weightBytes,
    vision: (plan.vision ?? plan.dual)?.settings ?? null,
  }
}

/** All tokens whose text holds a piece of text. */
function stopTokens(tokenizer: PromptTokenizer, stop: string): number[] {
  return Array.from({ length: tokenizer.size }, (_, id) => id).filter((id) => tokenizer.decode([id]).includes(stop))
}
