import type { Prompt } from '../../../recipes/types.ts'

/** A stretch of fixed text, or a place where the contents go. */
export type Run = { readonly kind: 'fixed'; readonly text: string } | { readonly kind: 'contents' }

/**
 * A prompt's text parts with the task filled in, neighbouring fixed text joined, empty text left out.
 *
 * @param image What stands where the image goes.
 */
export function runsOf(prompt: Prompt, task: string, image: string): Run[] {
  const runs: Run[] = []
  const fixed = (text: string) => {
    const last = runs.at(-1)
    if (text === '') return
    if (last?.kind === 'fixed') runs[runs.length - 1] = { kind: 'fixed', text: last.text + text }
    else runs.push({ kind: 'fixed', text })
  }
  for (const part of prompt.parts)
    switch (part.kind) {
      case 'literal':
        fixed(part.text)
        break
      case 'task':
        fixed(task)
        break
      case 'image':
        fixed(image)
        break
      case 'contents':
        runs.push({ kind: 'contents' })
    }
  return runs
}

/** The whole as one text. */
export function textOf(runs: readonly Run[], contents: string): string {
  return runs.map((run) => (run.kind === 'fixed' ? run.text : contents)).join('')
}

/** The index of the last copy of the contents; -1 where a prompt has none. */
export function lastCopy(runs: readonly Run[]): number {
  return runs.findLastIndex((run) => run.kind === 'contents')
}
