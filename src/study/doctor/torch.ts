import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { compareEncoders } from '../../engines/conformance/index.ts'
import { findPython, probePython } from '../../engines/torch/python.ts'
import type { Encoder, PreparedEncoder } from '../../engines/types.ts'
import { prepareEncoder } from '../prepare.ts'
import type { DenseSpec } from '../study.ts'
import type { Check } from './check.ts'
import { SELF_PAIRS } from './texts.ts'

/** Least cosines between the engines: in float32 both compute the same; 16 bits keep two to three digits. */
const LEAST = { float32: 0.9999, other: 0.98 }

/** The Python of engine torch, which nothing else needs: where none is set up, that is told and is no fault. */
export async function checkTorch(env: Readonly<Record<string, string | undefined>> = process.env): Promise<Check> {
  const name = 'PyTorch'
  let python: string
  try {
    python = await findPython(env)
  } catch (error) {
    if (!(error instanceof FieldtrialError) || error.code !== 'ENGINE_FAILED') throw error
    return {
      name,
      status: 'ok',
      detail: 'not set up; `fieldtrial setup torch` does, for GPUs, models beyond memory here, GGUF and adapters',
    }
  }
  try {
    const { versions, devices } = await probePython(python, { devices: true })
    const { torch, transformers } = versions
    const found = devices!.map((device) => `${device.name} (${device.label})`)
    return {
      name,
      status: 'ok',
      detail: `${torch} with transformers ${transformers} in ${python}: ${found.join(', ')}`,
    }
  } catch (error) {
    if (!(error instanceof FieldtrialError)) throw error
    return { name, status: 'failed', detail: error.message, ...(error.hint ? { hint: error.hint } : {}) }
  }
}

/** The same model and recipe by engine onnx, where that can run it. In float32 where the encoder's identity says so. */
export async function checkAgainstOnnx(
  encoder: PreparedEncoder,
  spec: DenseSpec,
  workspace: Workspace,
  { offline, work }: { readonly offline: boolean; readonly work: LongWork },
): Promise<Check> {
  const name = `${spec.model.engine} against onnx`
  const options = work.signal ? { signal: work.signal } : {}
  if (spec.model.adapter !== undefined)
    return { name, status: 'ok', detail: 'not compared: engine onnx takes no adapters' }
  const opened: Encoder[] = []
  try {
    const { adapter: _, ...model } = spec.model
    const onnx = { ...spec, model: { ...model, engine: 'onnx' as const, dtype: 'float32' as const, device: 'cpu' } }
    const other = await prepareEncoder(onnx, workspace, { offline, work })
    for (const prepared of [encoder, other]) opened.push(await prepared.open(options))
    const texts = SELF_PAIRS.map(({ document }) => document)
    const { min, mean } = await compareEncoders(opened[0]!, opened[1]!, texts, options)
    const float32 = (encoder.info.identity as { dtype?: unknown }).dtype === 'float32'
    const ok = min >= (float32 ? LEAST.float32 : LEAST.other)
    return {
      name,
      status: ok ? 'ok' : 'failed',
      detail: `cosine ${mean.toFixed(5)} on average, ${min.toFixed(5)} at least, on ${texts.length} texts`,
      ...(ok ? {} : { hint: 'One of the engines computes this model wrongly. Please report it.' }),
    }
  } catch (error) {
    if (!(error instanceof FieldtrialError) || error.code === 'CANCELLED') throw error
    return { name, status: 'ok', detail: `not compared: ${error.message}` }
  } finally {
    for (const encoder of opened) await encoder.close()
  }
}
