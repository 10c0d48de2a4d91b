import type { SpecialisedRow, StudyResults } from '../../study/results.ts'
import { correctionName, testName } from '../words.ts'

/** What specialised models are held against. */
export const RELATIONS: Readonly<Record<SpecialisedRow['relation'], string>> = {
  ancestor: 'ancestor',
  base: 'base',
  counterpart: 'instruct model beside it',
}

/** How both retrievers are made: the recipe, and the training if there was one. */
export const settingOf = ({ recipe, training }: SpecialisedRow): string =>
  training === null ? recipe : `${recipe}; ${training}`

/** All pairs of one measure. */
export function specialisedRows({ specialisation }: StudyResults, measure: string): readonly SpecialisedRow[] {
  return specialisation?.rows.filter((row) => row.measure === measure) ?? []
}

/** What the table's marks mean, and what else may lie behind a difference. */
export function specialisedNote(results: StudyResults): string {
  const { comparison } = results
  const tested = `▲ significantly better, ▼ significantly worse than the model that it is held against: ${testName(comparison)}, ${correctionName(comparison).replace('retrievers', 'pairs')}, α = ${comparison.alpha}.`
  const confounded = (results.specialisation?.rows ?? []).some(({ differs }) => differs.length > 0)
  return confounded
    ? `${tested} “Also differs” names what else is not the same for the two (prompts: as they are sent, the model's own system turn included), so that a difference may come of that.`
    : tested
}
