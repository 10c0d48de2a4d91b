import { expect, test } from 'vitest'
import { queries, units } from '../../../../../test/support/code-units.ts'

test('Python: docstrings of all kinds, decorators, overloads, stubs', async () => {
  const source = `"""Module docstring of the file."""
# A remark that documents nothing.
@property
def area(self):
    r"""Return the \\alpha area of it.

    Parameters
    ----------
    x : int
    """
    return 1


class Shape(Base):
    """
    A shape with some sides.

    :param sides: how many
    """

    sides = 3

    async def draw(self, canvas):
        'Draw it on a canvas.'
        # kept
        def helper():
            return 2
        return helper

    def abstract(self):
        """Say how large it is."""

    def f_string(self):
        f"""Not a {docstring} at all."""

    def none(self): return 0


@overload
def conv(x: int) -> str: ...
@typing.overload
def conv(x: str) -> str: ...
def conv(x):
    """Convert to a text.

    Args:
        x: what
    """
    return str(x)


def sections(x):
    """
    Args:
        x: what to take
    """
    return x
`
  expect(await queries('py', source)).toEqual({
    area: 'Return the \\alpha area of it.',
    Shape: 'A shape with some sides.',
    'Shape.draw': 'Draw it on a canvas.',
    'Shape.abstract': 'Say how large it is.',
    'Shape.f_string': undefined,
    'Shape.none': undefined,
    conv: 'Convert to a text.',
    sections: null,
  })
  const found = await units('py', source)
  const text = (symbol: string) => found.find((unit) => unit.symbol === symbol)!.text
  expect(text('area')).toBe('@property\ndef area(self):\n    return 1')
  expect(text('Shape')).toBe(`class Shape(Base):

    sides = 3

    async def draw(self, canvas):
        ...

    def abstract(self):
        ...

    def f_string(self):
        ...

    def none(self): ...`)
  expect(text('Shape.draw')).toBe(`async def draw(self, canvas):
    # kept
    def helper():
        return 2
    return helper`)
  expect(text('conv')).toBe(`@overload
def conv(x: int) -> str: ...
@typing.overload
def conv(x: str) -> str: ...
def conv(x):
    return str(x)`)
  expect(found.find(({ symbol }) => symbol === 'Shape.abstract')!.kind).toBe('declaration')
})

test('Java: Javadoc with HTML and tags, annotations, constructors, interfaces', async () => {
  const source = `/*
 * Copyright (c) 2020, Somebody. All rights reserved.
 */
package p;

/**
 * Returns <b>nothing</b> but {@code List<String>} &amp; {@link java.util.Map#get(Object) values}.
 * <p>
 * More.
 * @author me
 */
@Deprecated
public class A<T> {
    /** Makes an empty one. */
    public A() { this(1); }

    /**
     * Adds {@link Foo#bar} to the {@literal <end>}.
     *
     * @param x what
     */
    @Override public <U> int add(final U x) throws E { return 1; }

    // not documentation here
    int plain() { return 2; }

    interface Visitor {
        /** Visits every node once. */
        void visit(Node n);
    }
}`
  expect(await queries('java', source)).toEqual({
    A: 'Returns nothing but List<String> & values.',
    'A.A': 'Makes an empty one.',
    'A.add': 'Adds bar to the <end>.',
    'A.plain': undefined,
    'A.Visitor': undefined,
    'A.Visitor.visit': 'Visits every node once.',
  })
  const found = await units('java', source)
  expect(found[0]!.text).toContain('public A() { … }')
  expect(found[2]!.text).toBe('@Override public <U> int add(final U x) throws E { return 1; }')
})

test('Go: comments right above, receivers, grouped types, build tags; the name goes from the sentence', async () => {
  const source = `// Copyright 2020 The Authors.

//go:build linux

// Package p is about things.
package p

// Open opens the named file
// for reading.
func Open(name string) error { return nil }

// Detached is not documentation.

func detached() {}

// Len returns the number of items.
//
//go:noinline
func (s *Stack[T]) Len() int { return 0 }

type (
	// Stack is a last-in first-out queue.
	Stack[T any] struct { items []T }
	other int
)

/* Block comments document too. */
func block() {}
`
  expect(await queries('go', source)).toEqual({
    Open: 'opens the named file for reading.',
    detached: undefined,
    'Stack.Len': 'returns the number of items.',
    Stack: 'is a last-in first-out queue.',
    other: undefined,
    block: 'Block comments document too.',
  })
  expect((await units('go', source)).find(({ symbol }) => symbol === 'Stack')!.text).toBe(
    'Stack[T any] struct { items []T }',
  )
})

test('Rust: outer documentation, attributes, impl blocks, traits, macros', async () => {
  const source = `//! Documentation of the whole crate.

/// Computes the [\`Hash\`] of a [value](Value).
///
/// # Examples
/// \`\`\`
/// hash(1)
/// \`\`\`
#[inline]
#[must_use]
pub fn hash(x: u8) -> u8 { x }

impl<T> Tree<T> {
    /** Finds the deepest leaf. */
    pub fn deepest(&self) -> &T { &self.0 }
    // A remark and no more.
    fn plain(&self) {}
}

/// A tree of owned things.
#[derive(Debug)]
pub struct Tree<T>(T);

mod inner {
    //! Inner documentation of it.
    pub fn first() {}
}

trait Walk {
    /// Visits the next one.
    fn next(&mut self);
}

/// Makes a list of them.
macro_rules! list { () => {}; }
`
  expect(await queries('rs', source)).toEqual({
    hash: 'Computes the Hash of a value.',
    'Tree<T>.deepest': 'Finds the deepest leaf.',
    'Tree<T>.plain': undefined,
    Tree: 'A tree of owned things.',
    'inner.first': undefined,
    Walk: undefined,
    'Walk.next': 'Visits the next one.',
    list: 'Makes a list of them.',
  })
  expect((await units('rs', source))[0]!.text).toBe('#[inline]\n#[must_use]\npub fn hash(x: u8) -> u8 { x }')
})

test('C and C++: Doxygen and plain comments, prototypes, templates, trailing remarks, macros', async () => {
  const source = `/* Copyright (C) 2020 Free Software Foundation, Inc. */

#ifndef H
#define H
/* Return the length of S.  */
extern size_t length (const char *s) __attribute__((pure));

int counter; /* how many there are now */
int unrelated(void);

/**
 * @file
 * About the whole file.
 */

/*!
 * \\brief Sorts the items in place.
 * \\param n how many
 */
static void *sort(int n) { return 0; /* inside */ }

int (*callback)(int);

namespace geo {
/// A point in the \\c plane.
struct Point {
  double x; ///< the first coordinate
  /// Distance to @p other point.
  double distance(const Point &other) const;
  bool operator==(const Point &other) const { return true; }
  ~Point() = default;
};
}

/** Largest of two values. */
template <typename T>
T largest(T a, T b) { return a > b ? a : b; }

//! Distance of two points.
double geo::Point::distance(const Point &other) const { return 0; }

struct Point *forward(struct Point *p);
#endif
`
  expect(await queries('h', source)).toEqual({
    length: 'Return the length of S.',
    unrelated: undefined,
    sort: 'Sorts the items in place.',
    'geo.Point': 'A point in the plane.',
    'geo.Point.distance': 'Distance to other point.',
    'geo.Point.operator==': undefined,
    'geo.Point.~Point': undefined,
    largest: 'Largest of two values.',
    'geo::Point::distance': 'Distance of two points.',
    forward: undefined,
  })
  const found = await units('hpp', source)
  expect(found.find(({ symbol }) => symbol === 'sort')!.text).toBe(
    'static void *sort(int n) { return 0; /* inside */ }',
  )
  expect(found.find(({ symbol }) => symbol === 'largest')!.text).toBe(
    'template <typename T>\nT largest(T a, T b) { return a > b ? a : b; }',
  )
})

test('C#: XML documentation, attributes, expression bodies', async () => {
  const source = `namespace N.M {
  /// <summary>
  /// Holds a list of <see cref="T:System.String"/> values
  /// for <paramref name="owner"/>.
  /// </summary>
  /// <remarks>More.</remarks>
  [Serializable]
  public class Box {
    /// <summary>Counts the values in it.</summary>
    public int Count() => 1;
    /// <inheritdoc/>
    public override string ToString() { return ""; }
    /// <param name="x">only this</param>
    void F(int x) {}
  }
}`
  expect(await queries('cs', source)).toEqual({
    'N.M.Box': 'Holds a list of String values for owner.',
    'N.M.Box.Count': 'Counts the values in it.',
    'N.M.Box.ToString': null,
    'N.M.Box.F': null,
  })
})

test('Ruby, PHP and shell', async () => {
  const ruby = `# frozen_string_literal: true

# Works with +Array+ values.
module Tools
  # Sums up all items.
  #
  # @param list [Array]
  def self.sum(list)
    list.sum
  end

  # Says hello to people.
  class Greeter
    # Greets one person only.
    def greet(name)
      name
    end

    def quiet; end
  end
end
`
  expect(await queries('rb', ruby)).toEqual({
    Tools: 'Works with Array values.',
    'Tools.sum': 'Sums up all items.',
    'Tools.Greeter': 'Says hello to people.',
    'Tools.Greeter.greet': 'Greets one person only.',
    'Tools.Greeter.quiet': undefined,
  })
  const php = `<?php
/** Escapes text for HTML. */
function escape(string $s): string { return $s; }
/** Sends mail to people. */
#[Attr]
final class Mailer {
  /**
   * Sends one message now.
   * @return bool
   */
  public function send(Message $m): bool { return true; }
}
`
  expect(await queries('php', php)).toEqual({
    escape: 'Escapes text for HTML.',
    Mailer: 'Sends mail to people.',
    'Mailer.send': 'Sends one message now.',
  })
  expect(await queries('sh', '#!/bin/sh\n\n# Prints how to use it.\nusage() { echo; }\n')).toEqual({
    usage: 'Prints how to use it.',
  })
})
