import { describe, expect, it } from 'vitest'
import { isCode, programmingLanguage } from './code-detection.ts'
import { HashCounts } from './hash-counts.ts'
import { scriptOf } from './language-mix.ts'
import { countWords, Lengths } from './lengths.ts'
import { Sample } from './sample.ts'
import { TextIndex } from './text-index.ts'

describe('lengths', () => {
  it('are quantiles by nearest rank', () => {
    const lengths = new Lengths()
    for (let i = 1; i <= 2000; i++) lengths.add(2001 - i)
    expect(lengths.distribution()).toEqual({
      count: 2000,
      mean: 1000.5,
      min: 1,
      median: 1000,
      p90: 1800,
      p99: 1980,
      max: 2000,
    })
    expect(new Lengths().distribution()).toBeNull()
  })

  it('in words are those between white space', () => {
    expect(countWords('  one\ttwo\n\nthree, four-five ')).toBe(4)
    expect(countWords('')).toBe(0)
  })
})

describe('a sample', () => {
  const sampled = (ids: readonly string[], size: number) => {
    const sample = new Sample<string>(size)
    for (const id of ids) sample.add(id, () => id)
    return sample.items().sort()
  }
  const ids = Array.from({ length: 5000 }, (_, i) => `d${i}`)

  it('does not depend on the order, and changes little with an item more', () => {
    const once = sampled(ids, 200)
    expect(once).toHaveLength(200)
    expect(sampled(ids.toReversed(), 200)).toEqual(once)
    const more = sampled([...ids, 'one more'], 200)
    expect(more.filter((id) => !once.includes(id)).length).toBeLessThanOrEqual(1)
  })

  it('is all of a small stream, and drawn from all over a large one', () => {
    expect(sampled(ids.slice(0, 7), 200)).toEqual(ids.slice(0, 7).sort())
    const early = sampled(ids, 1000).filter((id) => Number(id.slice(1)) < 2500).length
    // 500 expected; five standard deviations of a hypergeometric draw are 71.
    expect(Math.abs(early - 500)).toBeLessThan(71)
  })
})

describe('hash counts', () => {
  it('survive growing', () => {
    const counts = new HashCounts()
    for (let round = 0; round < 3; round++)
      for (let i = 0; i < 10_000; i++) {
        if (round > 0 && i % 2 === 1) continue
        const { before, first } = counts.add({ high: Math.imul(i, 0x9e3779b1), low: i }, i + round * 10_000)
        expect(before).toBe(round)
        expect(first).toBe(i)
      }
    expect(counts.distinct).toBe(10_000)
    expect(counts.repeated()).toEqual({ groups: 5000, items: 15_000, largest: 3 })
  })
})

describe('the index of queries', () => {
  it('finds the same text but for case and blanks, else the nearest, else nothing', () => {
    const index = new TextIndex()
    index.add('a', 'How do I change the password of my account?')
    index.add('b', 'how do I change  the PASSWORD of my account?')
    index.add('c', 'short one')
    expect(index.find('How do i change the password of my account?')).toEqual({
      id: 'a',
      count: 2,
      similarity: 1,
      same: true,
    })
    expect(index.find('how do I change the password of my bank account')).toMatchObject({ id: 'a', same: false })
    expect(index.find('how do I change the oil of my car')).toBeUndefined()
    expect(index.find('one short')).toBeUndefined()
    expect(index.find('')).toBeUndefined()
  })

  it('does not slow down over thousands of look-alikes', () => {
    const index = new TextIndex()
    for (let i = 0; i < 5000; i++) index.add(`q${i}`, `what is the largest prime factor of the number ${i} please`)
    const started = performance.now()
    for (let i = 0; i < 1000; i++)
      expect(index.find(`what is the largest prime factor of the number x${i} please`)).toBeDefined()
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('code', () => {
  it.each([
    ['def f(x):\n    return x + 1', 'Python'],
    ['public static int Add(int a, int b) { return a + b; }', 'C#'],
    ['public static boolean isEmpty(String text) {\n  return text == null;\n}', 'Java'],
    ['function add(a, b) {\n  return a === b ? 0 : a\n}\nmodule.exports = add', 'JavaScript'],
    [
      'func (s *Server) Close() error {\n\tif err := s.stop(); err != nil {\n\t\treturn err\n\t}\n\treturn nil\n}',
      'Go',
    ],
    [
      'pub fn read(path: &Path) -> Result<String> {\n    let mut text = String::new();\n    println!("{}", text);\n}',
      'Rust',
    ],
    ['#include <stdio.h>\nint main(void) {\n  printf("%d", node->next->value);\n  return 0;\n}', 'C/C++'],
    ['SELECT name, COUNT(*) FROM orders WHERE paid = 1 GROUP BY name ORDER BY name;', 'SQL'],
  ])('is told: %s', (text, language) => {
    expect(isCode(text)).toBe(true)
    expect(programmingLanguage(text)).toBe(language)
  })

  it.each([
    'The effect of vitamin D (25-hydroxyvitamin D; 25[OH]D) on bone density was studied in 120 patients (P < 0.001).',
    'In this class, students return to the function of the public library.',
    'Select a fresh fish from the market; import duties apply.',
    '',
  ])('is not seen in prose: %s', (text) => {
    expect(isCode(text)).toBe(false)
  })
})

it('scripts are those of most letters', () => {
  expect(scriptOf('The word λόγος is Greek')).toBe('Latin')
  expect(scriptOf('今天天气怎么样')).toBe('Han')
  expect(scriptOf('東京タワーへ行きました')).toBe('Japanese')
  expect(scriptOf('12 + 30 = 42')).toBe('none')
})
