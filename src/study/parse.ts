import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import { FieldtrialError, systemCode } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import { describeIssue, hintFor, type Issue, leafIssues } from './issues.ts'
import { resolveStudy } from './resolve.ts'
import type { ResolveContext } from './resolve-context.ts'
import { fieldsAt, type StudyInput, StudySchema } from './schema.ts'
import { invalidStudy, type Path, StudySource } from './source.ts'
import type { Study } from './study.ts'

/**
 * Reads and checks a study file (YAML or JSON). Relative paths in it are relative to its folder.
 *
 * @param change Puts other values in place of the file's, for example those of flags.
 */
export async function readStudy(file: string, change?: (input: StudyInput) => StudyInput): Promise<Study> {
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
  return parseStudy(text, file, change)
}

/**
 * The study that a text describes.
 *
 * @param file Its name, for messages and for what relative paths are relative to.
 * @throws FieldtrialError `STUDY_INVALID` whose `problems` are all that is wrong, each with line and column.
 */
export function parseStudy(text: string, file: string, change?: (input: StudyInput) => StudyInput): Study {
  const source = new StudySource(text, file)
  const checked = StudySchema.safeParse(source.value)
  const problems: FieldtrialError[] = []
  const resolving = (skip: (path: Path) => boolean = () => false) => ({
    folder: dirname(resolve(file)),
    defaultName: basename(file, extname(file)),
    problem: (path: Path, message: string, hint: string) => {
      if (!skip(path)) problems.push(new FieldtrialError('STUDY_INVALID', message, { hint, where: source.where(path) }))
    },
  })
  if (!checked.success) {
    problems.push(...schemaProblems(checked.error.issues, source))
    checkTheRest(source.value, checked.error.issues, resolving)
    throw invalidStudy(file, problems)
  }
  const changed = change ? StudySchema.safeParse(change(checked.data)) : checked
  if (!changed.success) throw invalidStudy(file, schemaProblems(changed.error.issues, source))
  const study = resolveStudy(changed.data, resolving())
  if (problems.length > 0) throw invalidStudy(file, problems)
  return study
}

/** Names in one of these refer to names in the others. */
const RETRIEVERS = ['baselines', 'models', 'recipes', 'fusion', 'comparison']

/** Looks for further problems in the fields that are sound by themselves, so that all are told at once. */
function checkTheRest(
  value: unknown,
  issues: readonly Issue[],
  resolving: (skip: (path: Path) => boolean) => ResolveContext,
): void {
  if (
    typeof value !== 'object' ||
    value === null ||
    issues.some((issue) => issue.path.length === 0 && issue.code !== 'unrecognized_keys')
  )
    return
  const broken = new Set(
    issues.flatMap((issue) =>
      issue.path.length === 0 && issue.code === 'unrecognized_keys' ? issue.keys : [String(issue.path[0])],
    ),
  )
  if (RETRIEVERS.some((field) => broken.has(field))) for (const field of RETRIEVERS) broken.add(field)
  const rest = Object.fromEntries(Object.entries(value).filter(([field]) => !broken.has(field)))
  const parsed = StudySchema.safeParse(broken.has('collections') ? { ...rest, collections: ['./-'] } : rest)
  if (parsed.success)
    resolveStudy(
      parsed.data,
      resolving((path) => path.length === 0 || broken.has(String(path[0]))),
    )
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
