import type { RecipeFacts, ShownPrompt } from '../../src/report/recipe-facts.ts'
import { SLOTS } from '../../src/report/recipe-facts.ts'
import { Text } from './parts.tsx'

const SIDES = { query: 'Query prompt', document: 'Document prompt', both: 'Prompt of queries and documents' } as const

/** A resolved recipe: its prompts as they are sent, then what is done with them. */
export function RecipeCard({ facts }: { facts: RecipeFacts }) {
  return (
    <div class="recipe">
      {facts.prompts.map((prompt, i) => (
        <PromptText key={i} prompt={prompt} />
      ))}
      <dl class="facts-list">
        <dt>Recipe</dt>
        <dd>
          <Text>{facts.id}</Text>, <Text class="muted">{facts.source}</Text>
        </dd>
        {facts.facts.map(({ name, value }) => (
          <>
            <dt>{name}</dt>
            <dd>
              <Text>{value}</Text>
            </dd>
          </>
        ))}
        {facts.tasks.map(({ instruction, source, collections }) => (
          <>
            <dt>Task</dt>
            <dd>
              “<Text>{instruction}</Text>” on <Text>{collections.join(', ')}</Text>
              <Text class="muted">{`, worded by ${source}`}</Text>
            </dd>
          </>
        ))}
      </dl>
    </div>
  )
}

function PromptText({ prompt }: { prompt: ShownPrompt }) {
  const bare = prompt.end === null && prompt.parts.every((part) => part.kind === 'contents')
  return (
    <figure class="prompt">
      <figcaption>{SIDES[prompt.side]}</figcaption>
      {bare ? (
        <p class="muted">the text alone</p>
      ) : (
        <pre dir="auto">
          {prompt.parts.map((part, i) =>
            part.kind === 'literal' ? (
              part.text
            ) : (
              <span key={i} class="slot">
                {SLOTS[part.kind]}
              </span>
            ),
          )}
          {prompt.end !== null && <span class="end">{prompt.end}</span>}
        </pre>
      )}
    </figure>
  )
}
