import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { describeWith, sharedPath } from '../../../../test/support/shared.ts'
import { TextTokenizer } from './tokenizer.ts'

/*
 * Tokens equal those of transformers' Rust tokenizers. test/reference/tokens.py made the small ones (a family's structure each) and their
 * references, and is run here for the real Qwen2.5.
 */
const root = fileURLToPath(new URL('../../../../', import.meta.url))
const fixtures = `${root}test/fixtures/tokenizers/`
const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T
const hardTexts = readJson<string[]>(`${fixtures}texts.json`)
const load = (folder: string) =>
  TextTokenizer.load(`${folder}/tokenizer.json`, readJson<object>(`${folder}/tokenizer_config.json`), false)

/** Texts whose ids differ, with both. */
function differing(texts: readonly string[], ids: (text: string) => readonly number[], reference: readonly number[][]) {
  return texts.flatMap((text, i) => {
    const got = ids(text)
    const same = got.length === reference[i]!.length && got.every((id, t) => id === reference[i]![t])
    return same ? [] : [{ text, got, want: reference[i] }]
  })
}

describe('tokens of each family', () => {
  it.each(['llama3', 'qwen2', 'llama2', 'mistral', 'gemma', 'digits'])('%s', async (name) => {
    const tokenizer = await load(fixtures + name)
    const reference = readJson<number[][]>(`${fixtures}${name}/reference.json`)
    expect(reference.length).toBe(hardTexts.length)
    expect(differing(hardTexts, (text) => tokenizer.encode(text, 1e9).ids, reference)).toEqual([])
  })
})

const qwen = `${root}.models/qwen2.5-coder-0.5b-instruct`
const python = `${root}.venv/bin/python`
const SETS = ['scifact', 'nfcorpus', 'cosqa-coclr', 'codetrans-java-csharp', 'pystdlib-docstring']

/** Titles and texts of a collection, at most so many documents and as many queries. */
function textsOf(set: string, most: number): string[] {
  return ['corpus.jsonl', 'queries.jsonl'].flatMap((file) => {
    const path = sharedPath(`data/${set}/${file}`)
    const lines = (readIfThere(path)?.toString() ?? gunzipSync(readFileSync(`${path}.gz`)).toString()).split('\n', most)
    return lines.filter(Boolean).map((line) => {
      const { title = '', text } = JSON.parse(line) as { title?: string; text: string }
      return `${title} ${text}`.trim()
    })
  })
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch {
    return null
  }
}

describeWith('tokens of Qwen2.5', [python, qwen, ...SETS.map((set) => sharedPath(`data/${set}`))], () => {
  it('are transformers’ on prose, code and hard cases', async () => {
    const texts = [
      ...hardTexts,
      ...['mini-scifact', 'mini-cosqa'].flatMap((set) => textsOf(set, 1e6)),
      ...SETS.flatMap((set) => textsOf(set, 300)),
    ]
    const output = execFileSync(python, [`${root}test/reference/tokens.py`, 'encode', qwen], {
      input: JSON.stringify(texts),
      maxBuffer: 1e9,
    })
    const tokenizer = await load(qwen)
    expect(texts.length).toBeGreaterThan(3000)
    expect(differing(texts, (text) => tokenizer.ids(text), JSON.parse(output.toString()))).toEqual([])
  }, 180_000)
})
