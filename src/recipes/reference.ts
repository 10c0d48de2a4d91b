import { GENERIC_TASK, RECIPES } from './index.ts'
import { BEIR_TASKS } from './tasks/beir.ts'
import { COIR_TASKS } from './tasks/coir.ts'
import { IMAGE_TASKS } from './tasks/images.ts'

const INTRODUCTION = `# Recipes

<!-- Made by \`node scripts/references.mjs\` from src/recipes; change it there instead. -->

A recipe is how a language model becomes a retriever: the prompt around a query and around a document, the layer and the tokens whose states
are pooled, the direction of attention, what is cut, and what is done to the vector. The same model under another recipe is another
retriever, so every recipe is resolved to its last token before anything runs, stands in full in the report, and enters the fingerprint whole.

\`\`\`sh
fieldtrial recipe show promptreps --model qwen2.5-coder-7b-instruct --text "how to sort a dict"
\`\`\`

prints the prompt token by token, which tokens are pooled and what was cut; it loads the tokenizer, not the model.

## In a study

\`\`\`yaml
models:
  - id: qwen
    model: qwen2.5-coder-7b-instruct
    recipes:                                  # in place of the study's own list
      - recipe: promptreps
        output: [dense, sparse, hybrid]       # three retrievers out of one encoding
      - recipe: promptreps
        sweep:                                # every combination is a retriever
          system: [default, none, "You search code."]
          layer: [-1, 0.94]
          postprocess: [[], [center], [center, { whiten: 0.5 }]]
      - { recipe: instruct, layout: qwen3 }
\`\`\`

\`system\`: the system turn of chat layouts, \`default\` (what the model's own template puts there), \`none\`, or a text. \`layer\`: 0 (embeddings) to
the number of layers, negative from the end, or a fraction of the depth; the model's last norm is put on the last layer's states, once, and on
others only if \`finalNorm: true\` says so. \`prompts\`: text with \`{text}\` and \`{task}\`, or a prefix. [The study file](study-file.md) has all fields.

## Post-processing

\`center\`, \`abtt\` (all-but-the-top), \`whiten\` (by a power, with Ledoit–Wolf shrinkage), \`pca\`, \`truncate\` (Matryoshka), \`int8\`, \`binary\`,
\`normalize\`, in any order, fitted on the collection's documents only. The prompts shift queries and documents as blocks, so each side is centred by
its own mean; the queries' mean is that of training queries (queries of the file that are not under test) where there are 50, else of
sentences of documents under the query prompt, never of the queries under test. Vectors are not encoded again for it.

## All recipes

llama.cpp hands out one pooled vector of the last layer, so \`engine: llama\` ([GGUF](gguf.md)) cannot serve all of them; what it gives of each
stands below.
`

/** What llama.cpp cannot give of a recipe, in words; absent: all of it. Kept equal to what the engine refuses by a test. */
export const NOT_BY_LLAMA: Readonly<Record<string, string>> = {
  'weighted-mean': 'not served (weights by position)',
  echo: 'not served (a part of the prompt is pooled)',
  llm2vec: 'not served (a part of the prompt is pooled)',
  'dual-encoder': 'not served (two encoders)',
  promptreps: 'the dense half of one token',
  instruct: 'all of it; layout gte, which attends in both directions, on Qwen2, Qwen3 and Llama',
  'sentence-transformers': 'the pooling that the file names; of a checkpoint all that its files say',
  e5v: 'text, no images',
  'vision-chat': 'text, no images',
}

/** The page of recipes in Markdown, straight from the definitions. */
export function recipesReference(): string {
  const sections = RECIPES.map(
    ({ id, summary, source, parameters }) =>
      `### \`${id}\`\n\n${summary[0]!.toUpperCase()}${summary.slice(1)}.\n\nFrom ${source}. Takes: ${parameters.map((name) => `\`${name}\``).join(', ')}. Engine llama: ${NOT_BY_LLAMA[id] ?? 'all of it'}.\n`,
  )
  const tasks = Object.entries({
    ...prefixed('beir', BEIR_TASKS),
    ...prefixed('coir', COIR_TASKS),
    ...IMAGE_TASKS,
  }).map(([name, instruction]) => `| ${name} | ${instruction.replaceAll('|', '\\|')} |`)
  return [
    INTRODUCTION,
    ...sections,
    '## Task instructions\n',
    `\`{task}\` in a prompt is the collection's instruction: \`task:\` of the collection in the study file, else the one published for a collection of its name, else “${GENERIC_TASK.instruction}” The report says which it was and who worded it.\n`,
    '| collection | instruction |',
    '| --- | --- |',
    ...tasks,
    '',
  ].join('\n')
}

function prefixed(family: string, tasks: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tasks).map(([name, instruction]) => [`${family}/${name}`, instruction]))
}
