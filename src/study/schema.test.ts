import { describe, expect, it } from 'vitest'
import { fieldsAt, studyJsonSchema } from './schema.ts'
import { STUDY_FUSION_METHODS } from './schema-fusion.ts'

interface Node {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: unknown
  readonly items?: Node
  readonly anyOf?: readonly Node[]
  readonly enum?: readonly string[]
}

/** All nodes of a schema with their paths. */
function* walk(node: Node, path = ''): Generator<[string, Node]> {
  yield [path, node]
  for (const [name, inner] of Object.entries(node.properties ?? {})) yield* walk(inner, `${path}.${name}`)
  for (const inner of node.anyOf ?? []) yield* walk(inner, path)
  if (node.items) yield* walk(node.items, `${path}[]`)
}

describe('the JSON Schema of study files', () => {
  const root = studyJsonSchema() as Node

  it('explains every field, and allows no others, so that editors can help', () => {
    const nodes = [...walk(root)]
    const silent = nodes.filter(
      ([path, node]) =>
        path !== '' &&
        !path.endsWith('[]') &&
        !node.description &&
        !nodes.some(([other, twin]) => other === path && twin.description),
    )
    expect(silent.map(([path]) => path)).toEqual([])
    const open = nodes.filter(([, node]) => node.properties && node.additionalProperties !== false)
    expect(open.map(([path]) => path)).toEqual([])
    expect(nodes.length).toBeGreaterThan(80)
  })

  it('offers the names that the program knows', () => {
    const methods = [...walk(root)].find(([path]) => path === '.fusion[].method')![1]
    expect(methods.enum).toEqual([...STUDY_FUSION_METHODS])
  })

  it('gives the fields of every place for suggestions', () => {
    expect(fieldsAt([])).toContain('collections')
    expect(fieldsAt(['models', 0])).toContain('dtype')
    expect(fieldsAt(['baselines', 2, 'analyzer'])).toContain('stemmer')
    expect(fieldsAt(['comparison'])).toContain('alpha')
    expect(fieldsAt(['nowhere'])).toEqual([])
  })
})
