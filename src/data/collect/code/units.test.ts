import { describe, expect, test } from 'vitest'
import { queries, units } from '../../../../test/support/code-units.ts'

describe('TypeScript and JavaScript', () => {
  test('declarations, expressions with a name, methods; the comment is gone from the document', async () => {
    const source = `/**
 * Copyright 2020 Somebody. Licensed under the MIT license.
 */

import x from 'y'

/** Adds two numbers. Then more. @param a first */
export const add = (a: number, b: number): number => a + b

/**
 * Keeps the last values that were seen.
 *
 * @example new Cache()
 */
@decorated({ a: 1 })
export class Cache<T> {
  /** How many there are. */
  readonly size = 0

  /** Looks a value up by its key. */
  @log()
  get(key: string): T | undefined {
    /** Details of the inner helper here. */
    function inner() { return 1 }
    const anonymous = () => 2
    return undefined
  }

  static of = <T>() => new Cache<T>()
}

/** Only tags are not prose. */
// eslint-disable-next-line
export default function () {}
`
    expect(await queries('ts', source)).toEqual({
      add: 'Adds two numbers.',
      Cache: 'Keeps the last values that were seen.',
      'Cache.get': 'Looks a value up by its key.',
      'Cache.get.inner': 'Details of the inner helper here.',
      'Cache.of': undefined,
      default: 'Only tags are not prose.',
    })
    const [add, cache, get] = await units('ts', source)
    expect(add!.text).toBe('export const add = (a: number, b: number): number => a + b')
    expect(add!.line).toBe(8)
    expect(cache!.text).toBe(`@decorated({ a: 1 })
export class Cache<T> {
  /** How many there are. */
  readonly size = 0

  @log()
  get(key: string): T | undefined { … }

  static of = <T>() => { … }
}`)
    expect(get!.text).toBe(`@log()
get(key: string): T | undefined {
  function inner() { … }
  const anonymous = () => 2
  return undefined
}`)
  })

  test('overloads and their implementation are one document', async () => {
    const source = `/** Parses a number or a text. */
function parse(a: string): string
/** Another remark on it. */
function parse(a: number): string
function parse(a: unknown): string {
  return String(a)
}
declare function other(): void
interface Shape {
  /** Tells the area of it. */
  area(): number
}`
    const found = await units('ts', source)
    expect(found.map(({ symbol, kind }) => `${kind} ${symbol}`)).toEqual([
      'function parse',
      'declaration other',
      'type Shape',
      'declaration Shape.area',
    ])
    expect(found[0]!.documentation).toBe(' Parses a number or a text. ')
    expect(found[0]!.text).toBe(`function parse(a: string): string
function parse(a: number): string
function parse(a: unknown): string {
  return String(a)
}`)
    expect(found[2]!.text).toBe('interface Shape {\n  area(): number\n}')
  })

  test('CommonJS, prototypes, object literals; several names in one statement', async () => {
    const source = `/** Opens the file for reading. */
exports.open = function (path) { return path }
/** Shuts it down again. */
Door.prototype.close = function () {}
module.exports = {
  /** Counts all the items. */
  count() { return 1 },
  /** Drops one of them. */
  drop: function (i) { return i },
}
const first = () => 1, second = () => 2
register(() => { unnamed() })
`
    expect(await queries('js', source)).toEqual({
      open: 'Opens the file for reading.',
      'Door.prototype.close': 'Shuts it down again.',
      count: 'Counts all the items.',
      drop: 'Drops one of them.',
      first: undefined,
      second: undefined,
    })
    const found = await units('js', source)
    expect(found.at(-1)!.text).toBe('second = () => 2')
  })

  test('tags alone, remarks, links elsewhere and code that was commented out are no queries', async () => {
    const source = `/** @param a one @returns two */
function tags(a) {}
/** @deprecated Use the other one instead. */
function old() {}
// A plain remark on this one.
function plain() {}
/** {@inheritDoc} */
function inherited() {}
/** See {@link other} for details. */
function pointer() {}
/** const a = f(1); */
function code() {}
/** TODO: write this up properly. */
function todo() {}
/** @type {import('x').Y} */
function typed() {}`
    expect(await queries('js', source)).toEqual({
      tags: null,
      old: null,
      plain: undefined,
      inherited: null,
      pointer: null,
      code: null,
      todo: null,
      typed: null,
    })
  })

  test('elements of TSX, and the rest of a file that does not parse', async () => {
    expect(await queries('tsx', '/** Shows a small button. */\nexport const B = () => <b>x</b>')).toEqual({
      B: 'Shows a small button.',
    })
    const found = await queries(
      'ts',
      'function ok() {}\n)))} let = = §§§ class 1 2\n\n/** Still found behind it. */\nfunction after() {}\n',
    )
    expect(found).toMatchObject({ ok: undefined, after: 'Still found behind it.' })
  })
})

test('sources nested deeper than the stack', async () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  expect(await queries('js', `x = ${deep}\n/** Comes after the depth. */\nfunction f() {}`)).toMatchObject({
    f: 'Comes after the depth.',
  })
})
