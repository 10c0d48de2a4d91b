import type { StudyResults } from '../study/results.ts'
import { NO_VALUE } from './format.ts'
import { escapeMarkdown, table } from './markdown-text.ts'
import { promptText, type RecipeFacts, recipeFacts } from './recipe-facts.ts'

/**
 * The resolved recipes: a table, then every prompt in full, once, however many retrievers share it. Nothing for a study without models.
 */
export function recipeParts(results: StudyResults): string[] {
  const recipes = results.retrievers.flatMap((retriever) => {
    const facts = recipeFacts(results, retriever)
    return facts === null ? [] : [{ id: retriever.id, facts }]
  })
  if (recipes.length === 0) return []
  const prompts = new Map<string, number>()
  for (const { facts } of recipes)
    for (const prompt of facts.prompts.map(promptText)) if (!prompts.has(prompt)) prompts.set(prompt, prompts.size + 1)
  const names = recipes[0]!.facts.facts.map(({ name }) => name)
  return [
    '## Recipes',
    table(
      ['Retriever', 'Recipe', 'Query prompt', 'Document prompt', ...names, 'Task instruction'],
      recipes.map(({ id, facts }) => [
        escapeMarkdown(id),
        escapeMarkdown(facts.id),
        numbers(facts, 'query', prompts),
        numbers(facts, 'document', prompts),
        ...facts.facts.map(({ value }) => escapeMarkdown(value)),
        tasks(facts),
      ]),
      5 + names.length,
    ),
    'Prompts as they are sent, special tokens by their names; ‹text› is the query or document.',
    ...[...prompts].map(([text, number]) => `Prompt ${number}:\n\n${fenced(text)}`),
    [...new Set(recipes.map(({ facts }) => `- ${escapeMarkdown(facts.id)}: ${escapeMarkdown(facts.source)}`))].join(
      '\n',
    ),
  ]
}

function numbers(facts: RecipeFacts, side: 'query' | 'document', prompts: ReadonlyMap<string, number>): string {
  return facts.prompts
    .filter((prompt) => prompt.side === side || prompt.side === 'both')
    .map((prompt) => prompts.get(promptText(prompt)))
    .join(', ')
}

function tasks({ tasks: all }: RecipeFacts): string {
  if (all.length === 0) return NO_VALUE
  return all
    .map(
      ({ instruction, source, collections }) =>
        `${escapeMarkdown(collections.join(', '))}: “${escapeMarkdown(instruction)}” (${escapeMarkdown(source)})`,
    )
    .join('; ')
}

/** A block that its content cannot end. */
function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${text}\n${fence}`
}
