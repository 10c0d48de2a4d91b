import { stringify } from 'yaml'

export interface InitCollection {
  /** As in a study file, relative to it. */
  readonly source: string
  /** How it was made, for the comment. */
  readonly madeBy?: string
}

export interface InitModel {
  readonly model: string
  readonly dtype?: 'int8'
  /** Names of recipes, or recipes with their parameters. Default: what the model's own files say. */
  readonly recipes?: readonly (string | object)[]
  /** Why it is there, for the comment. */
  readonly why?: string
}

export interface InitAnswers {
  readonly name: string
  readonly collections: readonly InitCollection[]
  /** Whether code is among the collections; BM25 then also takes names apart. */
  readonly code: boolean
  readonly bm25: boolean
  readonly models: readonly InitModel[]
  /** Models that would fit, for those who want some; written as comments. */
  readonly suggested: readonly InitModel[]
}

/** A study file with comments that say what each part is for and what else it could be. */
export function studyText(answers: InitAnswers): string {
  const { name, bm25, code, models } = answers
  const lines = [
    '# Made by `fieldtrial init`. Run it with `fieldtrial run`, see what it will cost with `--dry-run`.',
    '# docs/study-file.md tells every field; editors complete and check them with this line:',
    '# yaml-language-server: $schema=./node_modules/fieldtrial/dist/study.schema.json',
    `name: ${inline(nameFrom(name))}`,
    '',
    '# What is searched: folders or .zip in BEIR layout, hf:owner/name, or names that `fieldtrial datasets` lists.',
    'collections:',
    ...answers.collections.flatMap(({ source, madeBy }) => [
      ...(madeBy === undefined ? [] : [`  # made by: ${madeBy}`]),
      `  - ${inline(source)}`,
    ]),
  ]
  if (bm25)
    lines.push(
      '',
      '# Retrievers without a model: what any model has to beat.',
      'baselines:',
      "  - bm25                 # Lucene's, with its English analyzer",
      ...(code ? ['  - bm25:analyzer=code   # takes names apart: parseHttpHeader, parse, http, header'] : []),
    )
  lines.push(
    '',
    '# Models: a name that `fieldtrial models` lists, a folder, owner/name on the hub, or a server (`url:`).',
  )
  if (models.length > 0) lines.push('models:', ...models.flatMap((model) => modelLines(model, '  ')))
  else lines.push('# models:', ...answers.suggested.flatMap((model) => modelLines(model, '#   ')))
  const fused = models.filter(({ recipes }) => recipes === undefined)
  if (bm25 && fused.length > 0)
    lines.push(
      '',
      '# Two in one: reciprocal rank fusion of their rankings.',
      'fusion:',
      ...fused.map(({ model }) => `  - ${inline({ method: 'rrf', of: [code ? 'bm25-code' : 'bm25', idOf(model)] })}`),
    )
  lines.push('', '# The first measure ranks the table.', 'measures: [nDCG@10, R@100, MRR@10]')
  if (bm25)
    lines.push(
      '',
      '# Every difference to this one is tested.',
      `comparison: { baseline: ${code ? 'bm25-code' : 'bm25'} }`,
    )
  return `${lines.join('\n')}\n`
}

/** A name for a model that is a folder or a hub id: its last part. */
function idOf(model: string): string {
  return nameFrom(model.replace(/@.*$/, '').replace(/\/+$/, '').split('/').at(-1)!)
}

/** A text as a name of a study, collection or retriever: letters, digits and `. _ + @ -`. */
export function nameFrom(text: string): string {
  return text.replace(/[^\w.+@-]+/g, '-').replace(/^[-.]+|-+$/g, '') || 'study'
}

function modelLines({ model, dtype, recipes, why }: InitModel, indent: string): string[] {
  const fields = { id: idOf(model), model, ...(dtype && { dtype }), ...(recipes && { recipes }) }
  return [`${indent}- ${inline(fields)}${why === undefined ? '' : `   # ${why}`}`]
}

/** A value as YAML on one line. */
function inline(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()
}
