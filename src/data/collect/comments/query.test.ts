import { describe, expect, test } from 'vitest'
import { commentBody, docstringBody } from './body.ts'
import { describingParagraph } from './description.ts'
import { queryOf } from './query.ts'

const sentence = (body: string, name = 'x') => queryOf(body, name, { extent: 'sentence', minWords: 3 })

test.each([
  ['/** One line. */', ' One line. '],
  ['/**\n   * Two\n   *   lines.\n   */', '\nTwo\n  lines.\n'],
  ['/*****\n * Stars.\n *****/', '\nStars.\n'],
  ['/// Slashes\n//! bang', 'Slashes\nbang'],
  ['# hash\n#! more', 'hash\nmore'],
  ['/* **bold** at the start */', ' **bold** at the start '],
])('marks of comments go: %j', (raw, body) => {
  expect(commentBody(raw).trimEnd()).toBe(body.trimEnd())
})

test('docstrings lose quotes, prefix and indentation', () => {
  expect(docstringBody('r"""Sum\n\n    more\n      indented\n    """')).toBe('Sum\n\nmore\n  indented\n')
  expect(docstringBody("'short'")).toBe('short')
  expect(docstringBody('u"""\n    Below.\n    """')).toBe('\nBelow.\n')
})

describe('the describing paragraph', () => {
  test.each([
    ['Takes {@code a < b} and {@link java.util.Map#get(Object, int) text of it}.', 'Takes a < b and text of it.'],
    ['See {@link #fork(int,\n  Factory, boolean)}) now.', 'See fork) now.'],
    [
      '{@return 0 if the same, {@code 1} otherwise}\nMore follows.',
      'Returns 0 if the same, 1 otherwise. More follows.',
    ],
    ['Finds a {@link Foo | friend} here.', 'Finds a friend here.'],
    ['@brief Makes it short.\n\n@details Long.', 'Makes it short.'],
    ['@param x first\n@summary Comes late.', 'Comes late.'],
    ['@internal\nHas a text after it.', 'Has a text after it.'],
    ['Sums up.\n\\param x what', 'Sums up.'],
    ['Sums up.\n\nParameters\n----------\nx : int', 'Sums up.'],
    ['Sums up.\n\n:param x: what\n:returns: it', 'Sums up.'],
    ['Args:\n  x: what', ''],
    ['Call :func:`~a.b.run` or :class:`text <a.B>`.', 'Call run or text.'],
    ['func(a, b) -> c\n\nDoes the thing.', 'Does the thing.'],
    ['Title\n=====\n\nThe text below.', 'The text below.'],
    ['First things:\n- one\n- two', 'First things:'],
    ['<p>Starts with <em>marks</em> &amp; more.</p>', 'Starts with marks & more.'],
    ['Returns a Map<String, List<Integer>> of it.', 'Returns a Map<String, List<Integer>> of it.'],
    ['Use [`Vec`] or [it](crate::It) (`x`).', 'Use Vec or it (x).'],
    [
      '<summary>Is <c>true</c> for <see cref="M:A.B.C(System.Int32)"/>.</summary><returns>no</returns>',
      'Is true for C.',
    ],
    ['```\ncode\n```', ''],
  ])('%j', (body, text) => {
    expect(describingParagraph(body)).toBe(text)
  })
})

describe('queries', () => {
  test('sentences end at their ends, not at abbreviations', () => {
    expect(sentence('Reads e.g. a file, i.e. bytes, of version 2.5 by J. Smith. Then stops.')).toEqual({
      text: 'Reads e.g. a file, i.e. bytes, of version 2.5 by J. Smith.',
    })
    expect(sentence('Careful! Frees all of the memory. Then more.')).toEqual({
      text: 'Careful! Frees all of the memory.',
    })
    expect(queryOf('One two three. Four five six.', 'x', { extent: 'paragraph', minWords: 3 })).toEqual({
      text: 'One two three. Four five six.',
    })
  })

  test("the definition's own name goes from the beginning, where it is no verb of the sentence", () => {
    expect(sentence('Open opens the named file.', 'Open')).toEqual({ text: 'opens the named file.' })
    expect(sentence('foo_bar() - copies the bytes over', 'foo_bar')).toEqual({ text: 'copies the bytes over' })
    expect(sentence('Parse the whole file.', 'Parse')).toEqual({ text: 'Parse the whole file.' })
    expect(sentence('The FooBar class holds all values.', 'FooBar')).toEqual({ text: 'class holds all values.' })
  })

  test.each([
    ['Too short', 'too-short'],
    ['Copyright 2020 by some people of note', 'licence'],
    ['SPDX-License-Identifier: MIT and more words', 'licence'],
    ['FIXME this does not work at all', 'not-prose'],
    ['if (x) { return y; }', 'not-prose'],
    ['-----------------------------', 'too-short'],
    ['+ 1 - 2 * 3 / 4 = 5 % 6', 'not-prose'],
    ['Deprecated: use the other one.', 'pointer'],
    ['Same as the function above.', 'pointer'],
    ['See other() for what it does.', 'pointer'],
    ['An alias for the group function.', 'pointer'],
  ])('%j is none: %s', (body, unfit) => {
    expect(sentence(body)).toEqual({ unfit })
  })

  test('other scripts are prose too', () => {
    expect(sentence('Возвращает длину строки в байтах.')).toEqual({ text: 'Возвращает длину строки в байтах.' })
  })
})
