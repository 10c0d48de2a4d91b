import { GENERIC_TASK, taskInstruction } from '../recipes/index.ts'
import type { StudyCollection } from './study.ts'

/** The task instruction that a collection gives to recipes whose prompts hold one. */
export interface CollectionTask {
  readonly instruction: string
  /** Who worded it: the user, a published list, or nobody (a generic sentence). */
  readonly source: string
}

/** The user's own instruction, else the published one for a collection of this name, else a generic one. */
export function taskOf(spec: StudyCollection): CollectionTask {
  if (spec.task !== undefined) return { instruction: spec.task, source: 'the study file' }
  return taskInstruction(spec.source) ?? taskInstruction(spec.name) ?? GENERIC_TASK
}
