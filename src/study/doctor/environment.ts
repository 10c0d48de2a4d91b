import { statfs } from 'node:fs/promises'
import { freemem, totalmem } from 'node:os'
import type { Workspace } from '../../core/workspace.ts'
import { machineInfo } from '../machine.ts'
import type { Check } from './check.ts'
import { checkLlama } from './llama.ts'
import { tryOnnxruntime } from './onnxruntime.ts'
import { checkTorch } from './torch.ts'

const GIB = 2 ** 30

/** Node, onnxruntime, PyTorch, llama.cpp, memory and disk. */
export async function checkEnvironment(workspace: Workspace): Promise<Check[]> {
  const machine = machineInfo()
  return [
    {
      name: 'Node.js',
      status: Number(machine.node.split('.')[0]) >= 22 ? 'ok' : 'failed',
      detail: `${machine.node} on ${machine.platform}`,
    },
    { name: 'processor', status: 'ok', detail: `${machine.cpu}, ${machine.cores} threads` },
    await checkOnnxruntime(),
    await checkTorch(),
    await checkLlama(),
    memory(),
    await disk(workspace),
    {
      name: 'hub',
      status: 'ok',
      detail: `${process.env.HF_ENDPOINT ?? 'https://huggingface.co'}${process.env.HF_HUB_OFFLINE === '1' ? ', offline mode' : ''}${process.env.HF_TOKEN ? ', with a token' : ', without a token'}`,
    },
  ]
}

async function checkOnnxruntime(): Promise<Check> {
  try {
    const version = await tryOnnxruntime()
    return { name: 'onnxruntime', status: 'ok', detail: `${version}, multiplies correctly` }
  } catch (error) {
    return {
      name: 'onnxruntime',
      status: 'failed',
      detail: error instanceof Error ? error.message : String(error),
      hint: 'Reinstall with `npm install onnxruntime-node`; models cannot run in this process without it.',
    }
  }
}

function memory(): Check {
  const free = freemem() / GIB
  return {
    name: 'memory',
    status: free < 1 ? 'warning' : 'ok',
    detail: `${free.toFixed(1)} of ${(totalmem() / GIB).toFixed(1)} GiB free`,
    ...(free < 1 ? { hint: 'Close other programs, or use smaller models.' } : {}),
  }
}

async function disk(workspace: Workspace): Promise<Check> {
  const { bavail, bsize } = await statfs(workspace.root)
  const free = (bavail * bsize) / GIB
  return {
    name: 'disk',
    status: free < 2 ? 'warning' : 'ok',
    detail: `${free.toFixed(1)} GiB free for ${workspace.root}`,
    ...(free < 2 ? { hint: '`fieldtrial clean` removes what no study needs.' } : {}),
  }
}
