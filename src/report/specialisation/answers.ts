import type { SiblingSpread, SpecialisationAnswer, SpecialisedRow, StudyResults } from '../../study/results.ts'
import type { Question } from '../../study/specialisation/results.ts'
import { formatCount, formatDifference, formatPEquation, formatScore, plural } from '../format.ts'
import { intervalLevel } from '../words.ts'

/** A question and what the study's tests say to it, by one measure. */
export interface AnsweredQuestion {
  readonly id: Question | 'levels'
  readonly title: string
  /** Over all collections, by counts of significant outcomes. */
  readonly headline: string
  /** Collection by collection. */
  readonly sentences: readonly string[]
}

const TITLES: Readonly<Record<Question | 'levels', string>> = {
  math: 'Does mathematical specialisation hurt?',
  reasoning: 'Does long reasoning hurt?',
  code: 'Does training on code help, on code and on text?',
  vision: 'Does vision-language training help?',
  instruct: 'Does instruction tuning help?',
  bm25: 'Do they beat BM25?',
  levels: 'Does supervision level them?',
}

const ORDER = Object.keys(TITLES) as (Question | 'levels')[]

/** The questions for which the study has the models, in the order of the study that first asked them (arXiv:2507.03958). */
export function answeredQuestions(results: StudyResults, measure = results.measures[0] ?? ''): AnsweredQuestion[] {
  const { specialisation } = results
  if (specialisation === undefined) return []
  return ORDER.flatMap((id): AnsweredQuestion[] => {
    if (id === 'levels') {
      const spreads = specialisation.spreads.filter((one) => one.measure === measure)
      if (spreads.length === 0) return []
      return [
        {
          id,
          title: TITLES[id],
          headline: levelsHeadline(spreads),
          sentences: spreads.map((one) => spreadSentence(one, results)),
        },
      ]
    }
    const answers = specialisation.answers.filter((one) => one.question === id && one.measure === measure)
    if (answers.length === 0) return []
    const headline = sentence(
      [false, true]
        .flatMap((trained) => {
          const here = answers.filter((one) => one.trained === trained)
          return here.length === 0 ? [] : [`${trained ? 'trained' : 'zero-shot'}, ${byContent(id, here, results)}`]
        })
        .join('; '),
    )
    return [{ id, title: TITLES[id], headline, sentences: answers.map((one) => answerSentence(one, results)) }]
  })
}

/** Whatever a question says of kinds of content is counted kind by kind, where any is known. */
function byContent(id: Question, answers: readonly SpecialisationAnswer[], { specialisation }: StudyResults): string {
  const labelOf = ({ collection }: SpecialisationAnswer) => specialisation!.contents[collection] ?? null
  const labels = [...new Set(answers.map(labelOf))]
  if ((id !== 'code' && id !== 'vision') || labels.every((label) => label === null)) return counts(summed(answers))
  const kinds = { code: 'on code', text: 'on text', image: 'on images' } as const
  return (['code', 'text', 'image', null] as const)
    .filter((label) => labels.includes(label))
    .map((label) => {
      const told = counts(summed(answers.filter((one) => labelOf(one) === label)))
      return `${label === null ? 'on the other collections' : kinds[label]} ${told}`
    })
    .join(', ')
}

type Counts = Pick<SpecialisationAnswer, 'better' | 'worse' | 'open'>

const summed = (all: readonly Counts[]): Counts => ({
  better: all.reduce((sum, { better }) => sum + better, 0),
  worse: all.reduce((sum, { worse }) => sum + worse, 0),
  open: all.reduce((sum, { open }) => sum + open, 0),
})

/** `significantly worse in 2 of 3 comparisons, no significant difference in 1`. */
function counts(
  { better, worse, open }: Counts,
  unit: readonly [string, string] = ['comparison', 'comparisons'],
): string {
  const total = better + worse + open
  const of = total === 1 ? `the one ${unit[0]}` : `of ${formatCount(total)} ${unit[1]}`
  if (better + worse === 0) return `no significant difference in ${total === 1 ? of : `any ${of}`}`
  const [first, most, second, fewer] =
    worse >= better ? (['worse', worse, 'better', better] as const) : (['better', better, 'worse', worse] as const)
  return [
    `significantly ${first} in ${total === 1 ? of : `${formatCount(most)} ${of}`}`,
    ...(fewer > 0 ? [`${second} in ${formatCount(fewer)}`] : []),
    ...(open > 0 ? [`no significant difference in ${formatCount(open)}`] : []),
  ].join(', ')
}

function answerSentence(answer: SpecialisationAnswer, results: StudyResults): string {
  const { question, collection, measure, trained } = answer
  const content = results.specialisation!.contents[collection]
  const on = `On ${collection}${content == null ? '' : ` (${content === 'image' ? 'images' : content})`}${trained ? ', trained' : ''}`
  if (question === 'bm25')
    return `${on}: by ${measure}, of ${plural(answer.better + answer.worse + answer.open, 'retriever')} ${answer.better} significantly better than ${results.comparison.baseline}, ${answer.worse} significantly worse, ${answer.open} not significantly different.`
  const rows = results.specialisation!.rows.filter(
    (row) =>
      row.collection === collection &&
      row.measure === measure &&
      row.asks.includes(question) &&
      (row.training !== null) === trained,
  )
  const pairs = [...new Set(rows.map(pairName))].map((name) => rows.filter((row) => pairName(row) === name))
  return `${on}: by ${measure}, ${pairs.map(pairClause).join('; ')}.`
}

const pairName = ({ model, againstModel }: SpecialisedRow) => JSON.stringify([model, againstModel])

/** All rows of one model against one other. Several are counted: none of them is chosen to speak for the rest. */
function pairClause(rows: readonly SpecialisedRow[]): string {
  const { model, againstModel } = rows[0]!
  if (rows.length === 1) {
    const { significant, difference, pAdjusted } = rows[0]!
    const p = `${formatDifference(difference)}, ${formatPEquation(pAdjusted)}`
    return significant
      ? `${model} is significantly ${difference > 0 ? 'better' : 'worse'} than ${againstModel} (${p})`
      : `${model} does not differ significantly from ${againstModel} (${p})`
  }
  const better = rows.filter(({ significant, difference }) => significant && difference > 0).length
  const worse = rows.filter(({ significant, difference }) => significant && difference < 0).length
  const told = new Set(rows.map(({ recipe, training }) => JSON.stringify([recipe, training]))).size === rows.length
  const unit = rows[0]!.training === null && told ? (['recipe', 'recipes'] as const) : undefined
  return `${model} against ${againstModel}: ${counts({ better, worse, open: rows.length - better - worse }, unit)}`
}

function levelsHeadline(spreads: readonly SiblingSpread[]): string {
  const closer = spreads.filter(({ range }) => range.interval[1] < 0).length
  const wider = spreads.filter(({ range }) => range.interval[0] > 0).length
  const open = spreads.length - closer - wider
  return sentence(
    `trained, the siblings lie closer together in ${closer} of ${plural(spreads.length, 'comparison')}, further apart in ${wider}${open > 0 ? `, and the interval of the change holds zero in ${open}` : ''}${spreads.length > 1 ? ' (intervals are not corrected for their number)' : ''}`,
  )
}

/** What supervision did to the distance of one family's members, on one collection. */
function spreadSentence(spread: SiblingSpread, results: StudyResults): string {
  const { collection, measure, models, recipe, trainedRecipe, training, range, deviation } = spread
  const { after, before, interval } = range
  const told = interval[1] < 0 ? 'closer together' : interval[0] > 0 ? 'further apart' : 'which may be chance'
  const level = intervalLevel(results.comparison)
  return `On ${collection}: by ${measure}, ${plural(models.length, 'sibling')} of ${spread.base} lie ${formatScore(before)} apart by ${recipe} and ${formatScore(after)} trained (${trainedRecipe}; ${training}; ${waysText(spread)}): ${formatDifference(after - before)}, ${level} interval ${intervalText(interval)}, ${told}; standard deviation ${formatScore(deviation.before)} and ${formatScore(deviation.after)} (${intervalText(deviation.interval)}).`
}

/** What ran the models: one word for both sides where they are the same. */
function waysText({ engine, dtype, trainedEngine, trainedDtype }: SiblingSpread): string {
  const [plain, trained] = [`${engine} in ${dtype}`, `${trainedEngine} in ${trainedDtype}`]
  return plain === trained ? `all on ${plain}` : `on ${plain}, trained on ${trained}`
}

const intervalText = ([low, high]: readonly [number, number]) => `${formatDifference(low)} to ${formatDifference(high)}`

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
