import { type Command, Option } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { DenseSpec } from '../study/study.ts'

/** Flags that name an encoder: a model, and how it becomes a retriever. */
export interface EncoderFlags {
  url?: string
  engine?: 'onnx' | 'torch' | 'llama'
  dtype?: string
  device?: string
  adapter?: string
  minPixels?: string
  maxPixels?: string
  recipe?: string
  system?: string
  queryPrompt?: string
  documentPrompt?: string
  pooling?: string
  layer?: string
  finalNorm?: boolean
  attention?: 'causal' | 'bidirectional'
  eos?: boolean
  layout?: string
  generateTokens?: string
  maxLength?: string
}

/** Adds the flags of the recipe alone to a command. */
export function withRecipeFlags(command: Command): Command {
  return command
    .option('--recipe <id>', 'how the model becomes a retriever (see `fieldtrial recipe list`)')
    .option('--system <text>', "system turn of chat layouts: default (the template's own), none, or a text")
    .option('--query-prompt <text>', 'text around queries, with {text} and {task} where these go')
    .option('--document-prompt <text>', 'the same around documents')
    .option('--pooling <mode>', 'how token states become one vector')
    .option(
      '--layer <n>',
      'layer whose states are pooled: 0 to the number of layers, from the end if negative, or a fraction',
    )
    .option('--final-norm', "apply the model's last norm to the states")
    .option('--no-final-norm', 'do not')
    .addOption(new Option('--attention <direction>', 'direction of attention').choices(['causal', 'bidirectional']))
    .option('--eos', 'put the end-of-sequence token last')
    .option('--no-eos', 'do not')
    .option('--layout <name>', 'layout of the recipe `instruct`: e5, qwen3, gte, bge-code')
    .option('--generate-tokens <n>', 'tokens that `promptreps` decodes at most')
    .option('--max-length <n>', 'tokens kept of a text')
}

/** Adds all flags to a command. */
export function withEncoderFlags(command: Command): Command {
  return withRecipeFlags(command)
    .addOption(
      new Option('--engine <name>', 'what runs the model (default: onnx, for GGUF files llama)').choices([
        'onnx',
        'torch',
        'llama',
      ]),
    )
    .addOption(
      new Option('--dtype <type>', 'precision of the weights; which of these, the engine says').choices([
        'float32',
        'int8',
        'int4',
        'bfloat16',
        'float16',
        'float8',
      ]),
    )
    .option(
      '--device <name>',
      'what computes; onnx: cpu, cuda, coreml, dml, webgpu; torch: auto, cpu, mps, cuda, cuda:N, cuda:0,1, cuda:all; llama: auto, cpu, metal, cuda, vulkan',
    )
    .option('--adapter <folder or id>', 'LoRA weights for the model (engine torch)')
    .option('--min-pixels <n>', 'least pixels of an image (vision-language models, engine torch)')
    .option('--max-pixels <n>', 'most pixels of an image')
    .option('--url <address>', 'a server that runs the model')
}

/**
 * The retriever that the flags describe, checked as a study file's would be.
 *
 * @throws FieldtrialError `USAGE`.
 */
export async function encoderSpec(model: string, flags: EncoderFlags): Promise<DenseSpec> {
  const { studyFromInput } = await import('../study/parse.ts')
  const number = (name: string, text: string | undefined) => {
    if (text === undefined) return undefined
    const value = Number(text)
    if (text.trim() !== '' && Number.isFinite(value)) return value
    throw new FieldtrialError('USAGE', `--${name} must be a number, not ${JSON.stringify(text)}.`)
  }
  const defined = <T extends object>(object: T) =>
    Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
  const prompts = defined({ query: flags.queryPrompt, document: flags.documentPrompt })
  const recipe = defined({
    recipe: flags.recipe ?? 'sentence-transformers',
    system: flags.system,
    prompts: Object.keys(prompts).length > 0 ? prompts : undefined,
    pooling: flags.pooling,
    layer: number('layer', flags.layer),
    finalNorm: flags.finalNorm,
    attention: flags.attention,
    eos: flags.eos,
    layout: flags.layout,
    generateTokens: number('generate-tokens', flags.generateTokens),
    maxLength: number('max-length', flags.maxLength),
  })
  const input = {
    collections: ['./-'],
    models: [
      defined({
        id: 'encoder',
        model,
        engine: flags.engine,
        url: flags.url,
        dtype: flags.dtype,
        device: flags.device,
        adapter: flags.adapter,
        minPixels: number('min-pixels', flags.minPixels),
        maxPixels: number('max-pixels', flags.maxPixels),
        recipes: [recipe],
      }),
    ],
  }
  const study = studyFromInput(input as never, { folder: process.cwd(), defaultName: 'encoder' })
  return study.retrievers[0] as DenseSpec
}
