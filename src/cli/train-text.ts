import type { TrainingPlan } from '../train/job/plan.ts'
import type { TrainedJob } from '../train/job/run.ts'
import { hardNegatives } from '../train/job/size.ts'
import { formatBytes, formatCount, formatSeconds } from './format.ts'
import type { Terminal } from './terminal.ts'

/** What will be trained, on what, and what it will take. */
export function describeTraining(plan: TrainingPlan, c: Terminal['errColors']): string[] {
  const { training, set, dev, job, size, estimate, adapter } = plan
  const { counts, sources } = set.detail
  const lines = [
    `${c.bold(training.name)}: ${training.given}, recipe ${plan.base.recipe.id}, ${
      adapter === null
        ? 'all weights'
        : `${adapter.kind} of rank ${adapter.r} (${formatCount(size.trainable)} of ${formatCount(size.parameters)} numbers)`
    }`,
  ]
  for (const { source, split, taken, negatives, cutQueries, missing, skipped, dropped, shared } of sources) {
    lines.push(
      `  ${source}${split === null ? '' : ` (${split})`}: ${formatCount(taken)} examples, negatives ${negatives ?? 'of the batch alone'}`,
    )
    const warn = (text: string) => lines.push(`    ${c.yellow('warning:')} ${text}`)
    if (cutQueries > 0)
      warn(
        `${cutQueries} queries are longer than the recipe takes, and are cut (the longest has ${counts.query.longest} tokens).`,
      )
    if (missing > 0) warn(`${missing} documents that are judged or mined are not in the corpus; they are left out.`)
    if (dropped > 0) lines.push(`    ${dropped} examples are left out: their queries are under test`)
    if (skipped > 0) warn(`${skipped} examples without negatives are left out.`)
    for (const { collection, split: other, queries, positives } of shared) {
      if (queries > 0 && dropped === 0)
        warn(`${queries} queries are under test in ${collection} (${other}), which the file allows.`)
      if (positives > 0)
        lines.push(`    ${positives} positives also answer queries of ${collection} (${other}): one corpus`)
    }
  }
  lines.push(
    `  ${formatCount(counts.query.texts + counts.document.texts)} texts: queries of ${mean(counts.query)} tokens on average (${counts.query.longest} at most), documents of ${mean(counts.document)} (${counts.document.longest}, ${share(counts.document)} cut)`,
    `  ${formatCount(job.steps)} updates of ${job.batch.queries} queries with ${hardNegatives(job.loss.negatives, counts)} (${formatCount(job.epochs)} epochs), lr ${job.optimizer.lr}, temperature ${job.loss.temperature}`,
  )
  const { warmup, lr } = job.optimizer
  if (warmup > 0 && warmup >= job.steps)
    lines.push(
      `    ${c.yellow('warning:')} the warm-up takes ${formatCount(warmup)} updates, and there are ${formatCount(job.steps)}: the learning rate never reaches ${lr}.`,
    )
  if (dev !== null)
    lines.push(
      `  watched every ${job.dev!.every} updates: ${training.evaluation!.measure} on ${dev.detail.collection} (${dev.detail.split}), ${formatCount(dev.detail.queries.length)} queries, ${formatCount(dev.detail.documents.length)} documents`,
    )
  const { weights, optimizer, states } = estimate.parts
  lines.push(
    `Estimate: about ${formatSeconds(estimate.seconds)}${estimate.measured ? '' : ' (a guess until it has run here once)'}${dev === null ? '' : ', evaluations apart'}; ${formatBytes(estimate.memoryBytes)} of memory on ${job.devices.join(', ')} (weights ${formatBytes(weights)}, gradients and optimiser ${formatBytes(optimizer)}, states ${formatBytes(states)}); ${formatBytes(estimate.diskBytes)} of disk.`,
  )
  return lines
}

/** What came of it. */
export function describeTrained({ record, modelFolder, mergedFolder, cached }: TrainedJob): string[] {
  const { result, watched } = record
  const { loss, score, steps, stopped, seconds, tokens, warnings } = result!
  const lines = [
    `${cached ? 'Trained before' : `Trained ${formatCount(steps)} updates in ${formatSeconds(seconds)} (${formatCount(tokens / Math.max(seconds, 1e-9))} tokens/s)`}${stopped === 'early' ? ', stopped early' : ''}.`,
  ]
  if (loss !== null) lines.push(`Loss: ${loss.first.toFixed(3)} at the start, ${loss.last.toFixed(3)} at the end.`)
  if (score !== null && watched !== null)
    lines.push(
      `${watched.measure} on ${watched.collection} (${watched.split}): ${score.before.toFixed(4)} before, ${score.after.toFixed(4)} at step ${score.step} (p ${score.p < 0.0001 ? '< 0.0001' : `= ${score.p.toFixed(4)}`}).`,
    )
  for (const warning of warnings) lines.push(`Warning: ${warning}`)
  lines.push(`Model: ${modelFolder}`)
  if (mergedFolder !== null) lines.push(`Merged: ${mergedFolder}`)
  return lines
}

function mean({ tokens, texts }: { readonly tokens: number; readonly texts: number }): string {
  return (tokens / Math.max(1, texts)).toFixed(1)
}

function share({ cut, texts }: { readonly cut: number; readonly texts: number }): string {
  return `${((100 * cut) / Math.max(1, texts)).toFixed(1)} %`
}
