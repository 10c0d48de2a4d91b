import { FieldtrialError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import type { Study } from '../study/study.ts'
import type { MineFlags } from './mine.ts'

/** The retrievers that the flags name, of a study file or by themselves. */
export async function miningStudy(flags: MineFlags): Promise<Study> {
  const { readStudy, studyFromInput } = await import('../study/parse.ts')
  const specs = flags.retriever ?? []
  if (flags.study !== undefined) return ofStudy(await readStudy(flags.study), specs, flags.study)
  const { retrieversOf } = await import('./retriever-flags.ts')
  const { models, ...rest } = await retrieversOf(specs)
  const { engine, device, adapter } = flags
  const settings = Object.fromEntries(
    Object.entries({
      engine,
      device,
      adapter,
      recipes: flags.recipe === undefined ? undefined : [flags.recipe],
    }).filter(([, value]) => value !== undefined),
  )
  const named = models?.map((model) => ({ ...(typeof model === 'string' ? { model } : model), ...settings }))
  const study = { collections: ['./-'], ...rest, ...(named === undefined ? {} : { models: named }) }
  // Runs alone need no retriever, which a study would ask for.
  const input = specs.length === 0 ? { ...study, baselines: ['bm25'] } : study
  const resolved = studyFromInput(input as never, { folder: process.cwd(), defaultName: 'mine' })
  return specs.length === 0 ? { ...resolved, retrievers: [] } : resolved
}

function ofStudy(study: Study, ids: readonly string[], file: string): Study {
  const wanted = new Set<string>()
  const take = (id: string) => {
    const spec = study.retrievers.find((retriever) => retriever.id === id)
    if (spec === undefined)
      throw new FieldtrialError('USAGE', `${file} has no retriever ${JSON.stringify(id)}.`, {
        hint: didYouMean(
          id,
          study.retrievers.map((retriever) => retriever.id),
        ),
      })
    wanted.add(id)
    if (spec.kind === 'fusion') for (const member of spec.members) take(member)
  }
  for (const id of ids) take(id)
  return { ...study, retrievers: study.retrievers.filter(({ id }) => wanted.has(id)) }
}
