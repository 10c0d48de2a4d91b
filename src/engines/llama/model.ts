import type { Llama, LlamaEmbeddingContext, LlamaModel, Token } from 'node-llama-cpp'
import { FieldtrialError } from '../../core/errors.ts'
import type { LlamaFacts, LoadRequest } from './protocol.ts'

type Library = typeof import('node-llama-cpp')

interface Backend {
  readonly llama: Llama
  readonly facts: LlamaFacts
  /** What llama.cpp said of errors, latest last. */
  readonly complaints: readonly string[]
}

/** Complaints that are kept for messages. */
const KEPT = 3

/**
 * Starts llama.cpp: a build that is installed, none that would be compiled or fetched.
 *
 * @throws FieldtrialError `ENGINE_FAILED` where there is no build for the machine and the device.
 */
export async function openBackend(module: string, gpu: LoadRequest['gpu'], threads: number | null): Promise<Backend> {
  const library = (await import(module)) as Library
  const complaints: string[] = []
  try {
    const llama = await library.getLlama({
      gpu,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      ...(threads === null ? {} : { maxThreads: threads }),
      logLevel: library.LlamaLogLevel.error,
      logger: (_, message) => {
        complaints.push(message.trim())
        if (complaints.length > KEPT) complaints.shift()
      },
    })
    // Asked for what the machine cannot have, the library takes the processor without a word.
    if (typeof gpu === 'string' && gpu !== 'auto' && llama.gpu !== gpu) throw noBuild(gpu)
    const devices = llama.gpu === false ? [] : await llama.getGpuDeviceNames()
    const facts = {
      version: await library.getModuleVersion(),
      release: llama.llamaCppRelease.release,
      gpu: llama.gpu,
      devices,
    }
    return { llama, facts, complaints }
  } catch (error) {
    if (!(error instanceof library.NoBinaryFoundError)) throw error
    throw noBuild(gpu)
  }
}

function noBuild(gpu: LoadRequest['gpu']): FieldtrialError {
  const asked = gpu === false || gpu === 'auto' ? null : gpu
  const what = asked === null ? 'this machine' : `the device ${asked}`
  return new FieldtrialError('ENGINE_FAILED', `node-llama-cpp has no build of llama.cpp for ${what}.`, {
    hint: `Run \`fieldtrial setup llama${asked === null ? '' : ` --gpu ${asked}`}\`${asked === null ? '' : ', or use device: cpu'}.`,
  })
}

/** A model in memory with a context for one sequence at a time. */
export class LoadedModel {
  readonly width: number
  private readonly context: LlamaEmbeddingContext

  private constructor(context: LlamaEmbeddingContext, width: number) {
    this.context = context
    this.width = width
  }

  /** @throws FieldtrialError `MODEL_INVALID` where llama.cpp cannot load the file; `ENGINE_FAILED` for want of memory. */
  static async open(request: LoadRequest): Promise<LoadedModel> {
    const { llama, complaints } = await openBackend(request.module, request.gpu, request.threads)
    const { file, architecture, contextSize, batchSize, threads } = request
    const library = (await import(request.module)) as Library
    const failed = (error: unknown, code: 'MODEL_INVALID' | 'ENGINE_FAILED') => {
      const short = error instanceof library.InsufficientMemoryError
      const why = [...new Set(complaints)].join(' | ') || (error as Error).message
      return new FieldtrialError(short ? 'ENGINE_FAILED' : code, `llama.cpp cannot load ${file}: ${why}.`, {
        where: { file },
        hint: short
          ? 'Use a file of fewer bits, a smaller maxLength, or device: cpu.'
          : 'Fetch the file again; if it is whole, this release of llama.cpp may not know its architecture: use engine: torch.',
      })
    }
    let model: LlamaModel
    try {
      model = await llama.loadModel({
        modelPath: file,
        metadataOverrides: {
          // Prompts come with all their tokens: nothing is to be put around them.
          tokenizer: { ggml: { add_bos_token: false, add_eos_token: false } },
          [architecture]: {
            pooling_type: request.pooling,
            ...(request.causal === null ? {} : { attention: { causal: request.causal } }),
          },
        } as NonNullable<Parameters<Llama['loadModel']>[0]['metadataOverrides']>,
      })
    } catch (error) {
      throw failed(error, 'MODEL_INVALID')
    }
    requireSameTokens(model, request)
    try {
      const context = await model.createEmbeddingContext({
        contextSize,
        batchSize,
        threads,
      })
      return new LoadedModel(context, model.embeddingVectorSize)
    } catch (error) {
      throw failed(error, 'ENGINE_FAILED')
    }
  }

  /** The pooled state of a sequence, as llama.cpp gives it: not normalised. */
  async vector(ids: Int32Array): Promise<readonly number[]> {
    // The library changes the list that it is given.
    const tokens = () => Array.from(ids) as Token[]
    const counted = this.context.calculateInputLength(tokens())
    if (counted !== ids.length)
      throw new FieldtrialError(
        'ENGINE_FAILED',
        `llama.cpp puts ${counted - ids.length} tokens of its own around a prompt: its vector would be another one.`,
        { hint: 'Use engine: torch, which reads the same file.' },
      )
    const { vector } = await this.context.getEmbeddingFor(tokens())
    return vector
  }
}

/**
 * llama.cpp's own tokenizer must cut plain texts as ours does: else the file describes its tokenizer in a way that is misunderstood here, and
 * vectors would come that mean nothing.
 */
function requireSameTokens(model: LlamaModel, { file, probes }: LoadRequest): void {
  for (const { text, ids } of probes) {
    const theirs = model.tokenize(text, true)
    if (theirs.length === ids.length && theirs.every((id, i) => id === ids[i])) continue
    throw new FieldtrialError(
      'MODEL_INVALID',
      `${file}: llama.cpp makes the tokens ${theirs.join(' ')} of ${JSON.stringify(text)}, fieldtrial ${ids.join(' ')}.`,
      {
        where: { file, field: 'tokenizer.ggml.pre' },
        hint: 'The file’s description of its tokenizer is not understood. Use engine: torch, which reads the same file.',
      },
    )
  }
}
