import { FieldtrialError } from '../core/errors.ts'
import type { JsonObject } from './sentence-transformers.ts'

export type Activation = 'identity' | 'tanh' | 'relu' | 'gelu' | 'sigmoid' | 'silu'

/** A step after the pooling: a dense layer (weights in `path`), or scaling to length 1 between two layers. */
export type HeadStep =
  | { readonly kind: 'normalize' }
  | {
      readonly kind: 'dense'
      /** The module's folder. */
      readonly path: string
      readonly inputs: number
      readonly outputs: number
      readonly bias: boolean
      readonly activation: Activation
    }

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  'torch.nn.modules.linear.Identity': 'identity',
  'torch.nn.modules.activation.Tanh': 'tanh',
  'torch.nn.modules.activation.ReLU': 'relu',
  'torch.nn.modules.activation.GELU': 'gelu',
  'torch.nn.modules.activation.Sigmoid': 'sigmoid',
  'torch.nn.modules.activation.SiLU': 'silu',
}

/** @param type Class name of the module. */
export function headStep(type: string, path: string, config: JsonObject | null): HeadStep {
  const file = `${path}/config.json`
  const fail = (message: string, field: string) =>
    new FieldtrialError('MODEL_INVALID', message, {
      where: { file, field },
      hint: 'Serve the model and use the http engine.',
    })
  const unusual = ['module_input_name', 'module_output_name'].find(
    (key) => config?.[key] !== undefined && config[key] !== null && config[key] !== 'sentence_embedding',
  )
  if (unusual !== undefined)
    throw fail(`${file}: a ${type} module over ${JSON.stringify(config![unusual])} is not built.`, unusual)
  if (type === 'Normalize') return { kind: 'normalize' }
  if (type !== 'Dense') throw fail(`modules.json names a ${type} module, which is not built.`, type)

  const { in_features: inputs, out_features: outputs } = config ?? {}
  if (typeof inputs !== 'number' || typeof outputs !== 'number')
    throw fail(`${file} lacks in_features or out_features.`, 'in_features')
  if (config!.use_residual === true) throw fail(`${file}: a dense layer with a residual is not built.`, 'use_residual')
  // sentence-transformers' default where the file says nothing.
  const name = config!.activation_function ?? 'torch.nn.modules.activation.Tanh'
  const activation = typeof name === 'string' && Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined
  if (activation === undefined)
    throw fail(`${file}: the activation ${JSON.stringify(name)} is not built.`, 'activation_function')
  return { kind: 'dense', path, inputs, outputs, bias: config!.bias !== false, activation }
}
