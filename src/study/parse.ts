import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import type { z } from 'zod'
import { FieldtrialError, systemCode } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import { resolveStudy } from './resolve.ts'
import { fieldsAt, type StudyInput, StudySchema } from './schema.ts'
import { invalidStudy, type Path, StudySource } from './source.ts'
import type { Study } from './study.ts'

/** Reads and checks a study file (YAML or JSON). Relative paths in it are relative to its folder. */
export async function readStudy(file: string): Promise<Study> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new FieldtrialError(
      'USAGE',
      systemCode(cause) === 'ENOENT' ? `There is no study file ${file}.` : `${file} cannot be read.`,
      {
        hint: 'Name a study file, or give --collection and --retriever.',
        cause,
      },
    )
  }
  return parseStudy(text, file)
}

/**
 * The study that a text describes.
 *
 * @param file Its name, for messages and for what relative paths are relative to.
 * @throws FieldtrialError `STUDY_INVALID` whose `problems` are all that is wrong, each with line and column.
 */
export function parseStudy(text: string, file: string): Study {
  const source = new StudySource(text, file)
  const checked = StudySchema.safeParse(source.value)
  if (!checked.success) throw invalidStudy(file, schemaProblems(checked.error.issues, source))
  const problems: FieldtrialError[] = []
  const study = resolveStudy(checked.data, {
    folder: dirname(resolve(file)),
    defaultName: basename(file, extname(file)),
    problem: (path, message, hint) =>
      problems.push(new FieldtrialError('STUDY_INVALID', message, { hint, where: source.where(path) })),
  })
  if (problems.length > 0) throw invalidStudy(file, problems)
  return study
}

/** The study that flags describe: the same checks, without a file to point into. */
export function studyFromInput(input: StudyInput, options: { folder: string; defaultName: string }): Study {
  const checked = StudySchema.safeParse(input)
  const problems: FieldtrialError[] = []
  const problem = (_path: Path, message: string, hint: string) =>
    problems.push(new FieldtrialError('USAGE', message, { hint }))
  if (!checked.success) {
    for (const issue of leafIssues(checked.error.issues))
      problem(issue.path as Path, describeIssue(issue), 'See `fieldtrial run --help`.')
  }
  const study = checked.success ? resolveStudy(checked.data, { ...options, problem }) : undefined
  if (problems.length === 1) throw problems[0]
  if (study === undefined || problems.length > 0)
    throw new FieldtrialError('USAGE', 'The flags do not make a study.', { problems })
  return study
}

type Issue = z.core.$ZodIssue

function schemaProblems(issues: readonly Issue[], source: StudySource): FieldtrialError[] {
  return leafIssues(issues).flatMap((issue) => {
    const path = issue.path as Path
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map(
        (key) =>
          new FieldtrialError('STUDY_INVALID', `Unknown field ${JSON.stringify(key)}.`, {
            hint: didYouMean(key, fieldsAt(path)),
            where: source.where([...path, key], 'key'),
          }),
      )
    return [
      new FieldtrialError('STUDY_INVALID', describeIssue(issue), {
        hint: hintFor(issue, source.value),
        where: source.where(path),
      }),
    ]
  })
}

/** Of a choice between a string and an object, only the complaints about the shape that was written are of use. */
function leafIssues(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue): Issue[] => {
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue]
    const branches = issue.errors.map((branch) =>
      branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
    )
    const shapeFits = branches.filter(
      (branch) => !branch.some((inner) => inner.code === 'invalid_type' && inner.path.length === issue.path.length),
    )
    const chosen = shapeFits[0] ?? branches.at(-1)!
    return leafIssues(chosen)
  })
}

function describeIssue(issue: Issue): string {
  const field = issue.path.length === 0 ? 'The study' : String(issue.path.at(-1))
  switch (issue.code) {
    case 'invalid_type':
      return issue.path.length === 0
        ? 'The file must hold fields such as `collections:` and `baselines:`.'
        : issue.input === undefined && /received undefined/.test(issue.message)
          ? `${field} is missing.`
          : `${field}: expected ${issue.expected}.`
    case 'invalid_value':
      return `${field}: must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map((v) => String(v)).join(', ')}.`
    default:
      return `${field}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}.`
  }
}

function hintFor(issue: Issue, root: unknown): string {
  if (issue.code === 'invalid_value') {
    const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], root)
    if (typeof value === 'string') return didYouMean(value, issue.values.map(String))
  }
  if (issue.code === 'invalid_type' && issue.path.length === 1 && issue.path[0] === 'collections')
    return 'Add `collections: [path/to/collection]`.'
  return 'See docs/study-file.md.'
}
