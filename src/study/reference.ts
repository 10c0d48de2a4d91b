import { studyJsonSchema } from './schema.ts'

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

const INTRODUCTION = `# The study file

<!-- Made by \`node scripts/references.mjs\` from the schema; change src/study/schema.ts and schema-*.ts instead. -->

A study file (YAML or JSON) names collections and retrievers; \`fieldtrial run FILE\` does the rest. Relative paths are relative to the file.
Editors complete and check it with the JSON Schema that the package publishes as \`fieldtrial/study.schema.json\`: put

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/fieldtrial/dist/study.schema.json
\`\`\`

on the first line. A whole study:

\`\`\`yaml
name: scifact
collections:
  - data/scifact                  # a BEIR folder or .zip, hf:BeIR/scifact, or a name of \`fieldtrial datasets\`
baselines:
  - bm25                          # Lucene's BM25, k1=0.9, b=0.4, Lucene's English analyzer
  - { id: bm25-multifield, type: bm25, multifield: true }
models:
  - { id: minilm, model: sentence-transformers/all-MiniLM-L6-v2 }
  - { id: served, model: my-model, url: "http://localhost:8080/v1" }
fusion:
  - rrf:bm25,minilm               # reciprocal rank fusion
measures: [nDCG@10, R@100, MRR@10, AP]
comparison: { baseline: bm25, test: randomisation, correction: holm }
\`\`\`
`

/** The reference of study files in Markdown: every field with type and meaning, straight from the schema. */
export function studyReference(): string {
  return fieldReference(studyJsonSchema(), INTRODUCTION)
}

/** Objects that have a page of their own. */
const ELSEWHERE = ['train']

/** A page about a kind of file: introduction, then every field with type and meaning, straight from its JSON Schema. */
export function fieldReference(jsonSchema: object, introduction: string): string {
  const root = jsonSchema as Schema
  const sections: string[] = [introduction, '## Fields\n', table(root)]
  for (const [name, schema] of Object.entries(root.properties ?? {})) {
    for (const object of objectsIn(schema)) {
      sections.push(`\n## \`${name}\`\n`, table(object))
      for (const [inner, innerSchema] of Object.entries(object.properties ?? {}))
        for (const innerObject of ELSEWHERE.includes(inner) ? [] : objectsIn(innerSchema))
          sections.push(`\n### \`${name}\`: \`${inner}\`\n`, table(innerObject))
    }
  }
  return `${sections.join('\n')}\n`
}

/** The object shapes that a field may take, be it one, a choice or a list. */
function objectsIn(schema: Schema): Schema[] {
  if (schema.properties) return [schema]
  return [...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])].flatMap(objectsIn)
}

function table(object: Schema): string {
  const rows = Object.entries(object.properties ?? {}).map(([name, schema]) => {
    const must = object.required?.includes(name) ? ' (required)' : ''
    return `| \`${name}\`${must} | ${typeOf(schema)} | ${(schema.description ?? '').replaceAll('|', '\\|')} |`
  })
  return ['| field | value | meaning |', '|---|---|---|', ...rows].join('\n')
}

function typeOf(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ')
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (schema.const !== undefined) return `\`${String(schema.const)}\``
  if (schema.type === 'array') return `list of ${schema.items ? typeOf(schema.items) : 'anything'}`
  if (schema.properties) return 'object'
  return schema.type === 'integer'
    ? 'whole number'
    : schema.type === 'string'
      ? 'text'
      : schema.type === 'boolean'
        ? 'true or false'
        : (schema.type ?? 'anything')
}
