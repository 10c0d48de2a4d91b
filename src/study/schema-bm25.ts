import { z } from 'zod'
import { BM25_VARIANTS } from '../index/bm25/index.ts'
import { ANALYZERS, STEMMERS } from '../index/text/index.ts'
import { id } from './schema-recipes.ts'

export const analyzerObject = z.strictObject({
  name: z.enum(ANALYZERS).describe('The analyzer.'),
  stopwords: z
    .union([z.boolean(), z.array(z.string())])
    .optional()
    .describe(
      '`true` for Lucene’s 33 English ones, `false` for none, or a list. Default: true for lucene-english, code and bm25s.',
    ),
  stemmer: z.enum(STEMMERS).optional().describe('Default: `porter` for lucene-english and code, else `none`.'),
  wholeNames: z
    .boolean()
    .optional()
    .describe('Only `code`: whether a name of several parts is also a term as a whole. Default: true.'),
})

export const bm25Object = z.strictObject({
  id: id.optional(),
  type: z.literal('bm25').describe('The kind of baseline.'),
  variant: z.enum(BM25_VARIANTS).optional().describe('Formula. Default: lucene.'),
  k1: z.number().nonnegative().optional().describe('Saturation of the term frequency. Default: 0.9.'),
  b: z.number().min(0).max(1).optional().describe('Weight of the document length, 0–1. Default: 0.4.'),
  delta: z
    .number()
    .nonnegative()
    .optional()
    .describe('What an occurrence is worth at least, for `bm25l` (default 0.5) and `bm25+` (default 1).'),
  analyzer: z
    .union([z.enum(ANALYZERS), analyzerObject])
    .optional()
    .describe('How text becomes terms. Default: lucene-english.'),
  multifield: z
    .boolean()
    .optional()
    .describe(
      'Index title and text as two fields and add their scores, as Anserini’s multifield runs. Default: false (one field, title + text).',
    ),
  weights: z
    .strictObject({
      title: z.number().nonnegative().optional().describe('Default: 1.'),
      contents: z.number().nonnegative().optional().describe('Default: 1.'),
    })
    .optional()
    .describe('Weights of the two fields, for `multifield`.'),
})

/** The shape of a study file. */

export type Bm25Input = z.infer<typeof bm25Object>
