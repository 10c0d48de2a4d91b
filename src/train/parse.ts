import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { z } from 'zod'
import { FieldtrialError, systemCode } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import { describeIssue, hintFor, leafIssues } from '../study/issues.ts'
import { type TrainInput, TrainSchema, trainFieldsAt } from '../study/schema-train.ts'
import { invalidStudy, type Path, StudySource } from '../study/source.ts'
import { resolveTraining } from './resolve.ts'
import type { Training } from './training.ts'

/** The page that explains the fields of training files. */
const PAGE = 'docs/training-file.md'

/** The shape of a training file. */
const FileSchema = TrainSchema.meta({
  title: 'fieldtrial training',
  description: 'A base model, a recipe, examples and a loss: a retriever. Train it with `fieldtrial train FILE`.',
})

/** The JSON Schema of training files (draft 2020-12), as published with the package. */
export function trainJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(FileSchema, { io: 'input' })
}

/**
 * Reads and checks a training file (YAML or JSON). Relative paths in it are relative to its folder.
 *
 * @param base Another base than the file's; its name is put before the training's and its folder's.
 * @throws FieldtrialError `STUDY_INVALID` whose `problems` are all that is wrong, each with line and column; `USAGE` for no such file.
 */
export async function readTrainingFile(file: string, base?: string): Promise<Training> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new FieldtrialError(
      'USAGE',
      systemCode(cause) === 'ENOENT' ? `There is no training file ${file}.` : `${file} cannot be read.`,
      { hint: 'Name a training file; studies/train/own-data.yaml is one to begin with.', cause },
    )
  }
  const training = parseTraining(text, file)
  if (base === undefined) return training
  const prefix = basename(base.replace(/@[^/@]*$/, ''))
  return {
    ...training,
    name: `${prefix}-${training.name}`,
    model: base,
    given: base,
    folder: join(dirname(training.folder), `${prefix}-${basename(training.folder)}`),
  }
}

/** The training that a text describes; `file` is its name, for messages and for what relative paths are relative to. */
export function parseTraining(text: string, file: string): Training {
  const source = new StudySource(text, file, PAGE)
  const checked = FileSchema.safeParse(source.value)
  const problems: FieldtrialError[] = []
  const problem = (path: Path, message: string, hint: string) =>
    problems.push(new FieldtrialError('STUDY_INVALID', message, { hint, where: source.where(path) }))
  const context = { folder: dirname(resolve(file)), defaultName: basename(file, extname(file)), problem }
  const training = checked.success ? resolveTraining(checked.data, context) : undefined
  if (!checked.success) {
    for (const issue of leafIssues(checked.error.issues)) {
      const path = issue.path as Path
      if (issue.code !== 'unrecognized_keys')
        problem(path, describeIssue(issue, '`model:` and `data:`'), hintFor(issue, source.value, PAGE))
      else
        for (const key of issue.keys)
          problems.push(
            new FieldtrialError('STUDY_INVALID', `Unknown field ${JSON.stringify(key)}.`, {
              hint: didYouMean(key, trainFieldsAt(path)),
              where: source.where([...path, key], 'key'),
            }),
          )
    }
    resolveTheRest(source.value, checked.error.issues, context)
  }
  if (training === undefined || problems.length > 0) throw invalidStudy(file, problems, PAGE)
  return training
}

/** Looks for further problems in the fields that are sound by themselves, so that all are told at once. */
function resolveTheRest(
  value: unknown,
  issues: readonly z.core.$ZodIssue[],
  context: Parameters<typeof resolveTraining>[1],
): void {
  if (typeof value !== 'object' || value === null) return
  const broken = new Set(
    issues.flatMap((issue) =>
      issue.path.length === 0 && issue.code === 'unrecognized_keys' ? issue.keys : [String(issue.path[0])],
    ),
  )
  const rest = Object.fromEntries(Object.entries(value).filter(([field]) => !broken.has(field)))
  const parsed = TrainSchema.safeParse({ model: './-', data: ['./-'], ...rest })
  if (parsed.success) resolveTraining(parsed.data, context)
}

/** The training that an object describes, such as the `train:` section of a study, whose shape the study's schema has checked. */
export function trainingFromInput(input: TrainInput, options: { folder: string; defaultName: string }): Training {
  const problems: FieldtrialError[] = []
  const training = resolveTraining(input, {
    ...options,
    problem: (path, message, hint) =>
      problems.push(new FieldtrialError('STUDY_INVALID', message, { hint, where: { field: path.join('.') } })),
  })
  if (problems.length > 0)
    throw new FieldtrialError('STUDY_INVALID', `The training of ${options.defaultName} cannot be done as it stands.`, {
      problems,
    })
  return training
}
