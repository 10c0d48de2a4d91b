import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import { parseEvents } from '../../train/job/events.ts'
import { readTrainingRecord } from '../../train/job/record.ts'
import { fillPage } from '../page-file.ts'
import { curvesOf } from './curves.ts'
import { renderTrainingMarkdown } from './markdown.ts'
import { trainingPage } from './page-data.ts'

/**
 * Writes report.md and report.html beside a training, from its training.json and events.jsonl.
 *
 * @returns Their paths.
 * @throws FieldtrialError `DATA_MISSING` where the folder holds no training.
 */
export async function writeTrainingReports(folder: string): Promise<string[]> {
  const record = await readTrainingRecord(folder)
  if (record === null)
    throw new FieldtrialError('DATA_MISSING', `${folder} holds no training.`, {
      hint: 'Name the folder of `fieldtrial train`.',
    })
  const page = trainingPage(record, curvesOf(parseEvents(await readFile(join(folder, 'events.jsonl'), 'utf8'))))
  const plain = renderTrainingMarkdown(page)
  const [markdown, html] = [join(folder, 'report.md'), join(folder, 'report.html')]
  await writeAtomic(markdown, plain)
  await writeAtomic(html, await fillPage('training', { title: page.name, plain, data: [['training', page]] }))
  return [markdown, html]
}
