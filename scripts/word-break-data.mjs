/**
 * Writes src/index/text/word-break-data.ts: for every code point the class that the word-break scanner needs.
 *
 * The data are Unicode 9.0's (emoji: 11.0), frozen on purpose: Lucene's StandardTokenizer is generated from these
 * versions, and an index must not change with the Unicode version of the JavaScript engine.
 *
 * Run in a scratch folder:
 *   npm i @unicode/unicode-9.0.0@2 @unicode/unicode-11.0.0@2 && node PATH/TO/scripts/word-break-data.mjs
 */
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const require = createRequire(pathToFileURL(`${process.cwd()}/`))
const points = async (version, property) =>
  (await import(pathToFileURL(require.resolve(`@unicode/unicode-${version}/${property}/code-points.mjs`)).href)).default

/** Order of src/index/text/word-break-classes.ts. Earlier names win where two hold a code point. */
const CLASSES = [
  ['Hebrew', '9.0.0', ['Word_Break/Hebrew_Letter']],
  ['Letter', '9.0.0', ['Word_Break/ALetter']],
  ['Numeric', '9.0.0', ['Word_Break/Numeric']],
  ['Katakana', '9.0.0', ['Word_Break/Katakana']],
  ['ExtendNumLet', '9.0.0', ['Word_Break/ExtendNumLet']],
  ['MidLetter', '9.0.0', ['Word_Break/MidLetter']],
  ['MidNum', '9.0.0', ['Word_Break/MidNum']],
  ['MidNumLet', '9.0.0', ['Word_Break/MidNumLet']],
  ['SingleQuote', '9.0.0', ['Word_Break/Single_Quote']],
  ['DoubleQuote', '9.0.0', ['Word_Break/Double_Quote']],
  ['JoinerZw', '9.0.0', ['Word_Break/ZWJ']],
  ['Extend', '9.0.0', ['Word_Break/Extend', 'Word_Break/Format']],
  ['Complex', '9.0.0', ['Line_Break/Complex_Context']],
  ['Han', '9.0.0', ['Script/Han']],
  ['Hiragana', '9.0.0', ['Script/Hiragana']],
  ['Regional', '9.0.0', ['Word_Break/Regional_Indicator']],
  ['EmojiModifier', '11.0.0', ['Binary_Property/Emoji_Modifier']],
  ['EmojiBase', '11.0.0', ['Binary_Property/Emoji_Modifier_Base']],
  ['Emoji', '11.0.0', ['Binary_Property/Extended_Pictographic']],
]

const classOf = new Uint8Array(0x110000)
for (const [index, [, version, properties]] of CLASSES.entries())
  for (const property of properties)
    for (const point of await points(version, property)) if (classOf[point] === 0) classOf[point] = index + 1
// Full-width digits count as numbers in Lucene's grammar.
for (let point = 0xff10; point <= 0xff19; point++)
  classOf[point] = CLASSES.findIndex(([name]) => name === 'Numeric') + 1
// Marks of South-East Asian scripts are of both kinds; which one counts depends on what stands before them.
const complexExtend = CLASSES.length + 1
const complex = new Set(await points('9.0.0', 'Line_Break/Complex_Context'))
const extend = CLASSES.findIndex(([name]) => name === 'Extend') + 1
for (const point of complex) if (classOf[point] === extend) classOf[point] = complexExtend

const ranges = []
let end = 0
for (let point = 0; point < classOf.length; ) {
  const kind = classOf[point]
  let next = point + 1
  while (next < classOf.length && classOf[next] === kind) next++
  if (kind !== 0) {
    ranges.push(`${(point - end).toString(36)}.${(next - point).toString(36)}.${kind.toString(36)}`)
    end = next
  }
  point = next
}
const lines = []
for (const range of ranges) {
  const last = lines.at(-1)
  if (last !== undefined && last.length + range.length < 110) lines[lines.length - 1] = `${last} ${range}`
  else lines.push(range)
}
const body = `/** Made by scripts/word-break-data.mjs. Ranges as GAP.LENGTH.CLASS in base 36, the gap counted from the end of the range before. */
export const WORD_BREAK_RANGES = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join(' ')
`
writeFileSync(fileURLToPath(new URL('../src/index/text/word-break-data.ts', import.meta.url)), body)
console.log(`${ranges.length} ranges, ${body.length} bytes`)
