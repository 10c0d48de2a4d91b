import { fieldReference } from '../study/reference.ts'
import { trainJsonSchema } from './parse.ts'

const INTRODUCTION = `# The training file

<!-- Made by \`node scripts/references.mjs\` from the schema; change src/study/schema-train.ts instead. -->

A training file (YAML or JSON) names a base model, a recipe and examples; \`fieldtrial train FILE\` makes a retriever of them. [Training](training.md)
tells how. Relative paths are relative to the file. Editors complete and check it with the JSON Schema
\`dist/training.schema.json\` of the package: put

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/fieldtrial/dist/training.schema.json
\`\`\`

on the first line. The same fields may stand in a study, at \`train:\` of a model. Whole files lie in \`studies/train\`; a small one:

\`\`\`yaml
model: all-minilm-l6-v2
data:
  - { source: data/my-code, negatives: mined.jsonl }    # judgments of its split train; negatives of \`fieldtrial mine\`
  - pairs.tsv                                           # a query and a text that answers it in each row
batch: { queries: 32 }
budget: { epochs: 3 }
evaluation: { collection: data/my-code }                # its split dev chooses the weights
\`\`\`
`

/** The reference of training files in Markdown. */
export function trainingReference(): string {
  return fieldReference(trainJsonSchema(), INTRODUCTION)
}
