import { hash } from 'node:crypto'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { TrainingExample, TrainingPassage } from '../../data/index.ts'
import { snippet } from '../../data/record.ts'
import { documentText } from '../../study/identity.ts'
import type { OpenedSource } from '../data/open.ts'
import type { OverlapCount } from '../data/overlap.ts'
import type { Training } from '../training.ts'
import type { SetWriter } from './set-writer.ts'
import { NegativesRule, QueryLengths, type SourceCounts } from './source-counts.ts'

/** What adding a source to a set needs. */
export interface Adding {
  readonly writer: SetWriter
  readonly training: Pick<Training, 'negatives' | 'tooLong' | 'seed' | 'loss' | 'overlap'>
  readonly task: string
  readonly overlap: OverlapCount
  readonly work: LongWork
}

/** How many times example number `i` is taken: `weight` on the whole, chosen by a hash and so always the same ones. */
export function copiesOf(weight: number, seed: number, name: string, i: number): number {
  const whole = Math.floor(weight)
  const rest = weight - whole
  if (rest === 0) return whole
  const chance = hash('sha256', `${seed}\0${name}\0${i}`, 'buffer').readUInt32LE(0) / 2 ** 32
  return whole + (chance < rest ? 1 : 0)
}

/** Adds examples that bring their texts with them, one after the other. */
export async function addExamples(
  source: OpenedSource & { readonly kind: 'examples' },
  { writer, training, task, overlap, work }: Adding,
): Promise<SourceCounts> {
  const { spec, name } = source
  const rule = new NegativesRule(source, training.negatives)
  const lengths = new QueryLengths(name, training.tooLong)
  let read = 0
  let taken = 0
  let dropped = 0
  for await (const example of source.examples()) {
    if (spec.limit !== null && read >= spec.limit) break
    if (read++ % 256 === 0) {
      throwIfAborted(work.signal)
      work.onProgress?.({ step: 'make tokens', subject: name, done: read, unit: 'records' })
    }
    const copies = copiesOf(spec.weight, training.seed, name, read)
    if (copies === 0) continue
    const called = nameOf(example)
    requireTexts(example, called, name)
    if ((await overlap.query({ id: called, text: example.query })) && training.overlap.drop) {
      dropped++
      continue
    }
    if (!rule.takes(called, example.negatives.length, example.where)) continue
    for (const positive of example.positives) await overlap.positive({ text: documentText(positive) })
    const query = await writer.text('query', example.query, task)
    lengths.add(called, query.cutTokens, example.where)
    const number = async (passage: TrainingPassage) => (await writer.text('document', documentText(passage), task)).id
    const positives: number[] = []
    for (const passage of example.positives) positives.push(await number(passage))
    const kept: TrainingPassage[] = []
    const negatives: number[] = []
    for (const passage of example.negatives) {
      const id = await number(passage)
      // A text that is also a positive is none, whatever the file says.
      if (positives.includes(id)) continue
      kept.push(passage)
      negatives.push(id)
    }
    const scores = training.loss.distill === null ? null : scoresOf(called, [...example.positives, ...kept], name)
    for (let copy = 0; copy < copies; copy++) await writer.group(query.id, positives, negatives, scores)
    taken += copies
  }
  if (taken === 0)
    throw new FieldtrialError('DATA_INVALID', `${name} gives no examples.`, {
      hint: 'Check the file, its split, and `limit`, `weight` and `withoutNegatives` in the training file.',
    })
  return { read, taken, skipped: rule.skipped, dropped, missing: 0, cutQueries: lengths.cut }
}

/** What messages call an example: by its id, or by its query where the id is made of that. */
function nameOf({ queryId, query, where }: TrainingExample): string {
  return where === undefined ? queryId : JSON.stringify(snippet(query))
}

function requireTexts({ query, positives, where }: TrainingExample, called: string, name: string): void {
  const refuse = (what: string, hint: string) => {
    throw new FieldtrialError('DATA_INVALID', `${name}: the example ${called} ${what}.`, {
      hint,
      ...(where ? { where } : {}),
    })
  }
  if (query.trim() === '') refuse('has an empty query', 'Remove it, or mend it.')
  if (positives.length === 0) refuse('has no positive', 'Give it one, or remove it.')
  if (positives.some((passage) => documentText(passage).trim() === ''))
    refuse('has a positive without text', 'Remove the positive, or mend it.')
}

function scoresOf(called: string, passages: readonly TrainingPassage[], name: string): number[] {
  return passages.map(({ id, score }) => {
    if (score !== undefined) return score
    throw new FieldtrialError(
      'DATA_INVALID',
      `${name}: passage ${id} of the example ${called} has no teacher_score, which \`distill\` learns from.`,
      { hint: 'Mine with a cross-encoder (`fieldtrial mine --cross-encoder`), or leave `distill` out.' },
    )
  })
}
