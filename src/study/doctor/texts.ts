/** A short document and a piece of it that serves as query. */
export interface SelfPair {
  readonly document: string
  readonly query: string
}

/** A document of two or more pieces; the one that is asked for comes first or last. */
const pair = (query: string, rest: string, last = false): SelfPair => ({
  query,
  document: last ? `${rest} ${query}` : `${query} ${rest}`,
})

/** Short texts of several kinds, each about something else: prose, questions, lists, tables, code. */
export const SELF_PAIRS: readonly SelfPair[] = [
  pair('Zebrafish regrow heart muscle after an injury.', 'Mammals form a scar instead, and the tissue stays weak.'),
  pair(
    'The bridge was closed to lorries in 1987.',
    'Engineers had found cracks in two of its steel hangers during a routine inspection.',
    true,
  ),
  pair(
    'Knead the dough for ten minutes and let it rest.',
    'Then shape four loaves, dust them with flour and bake at 230 degrees.',
  ),
  pair(
    'The tenant must give three months’ notice in writing.',
    'Deposits are returned within sixty days after the keys were handed over.',
  ),
  pair(
    'How do I change the password of my account?',
    'Open Settings, choose Security, and enter the old one once and the new one twice.',
  ),
  pair('Aspirin slows the clotting of blood.', 'It blocks an enzyme that platelets need for thromboxane.', true),
  pair(
    'Inflation erodes the value of savings held in cash.',
    'Bonds linked to a price index protect against it, shares only in the long run.',
  ),
  pair('The violin is tuned in perfect fifths.', 'Its four strings are G, D, A and E, from low to high.'),
  pair('Penguins huddle to keep warm.', 'Those at the edge move inwards in turn, so that none of them freezes.', true),
  pair(
    'A glacier is a slow river of ice.',
    'It carries stones along, grinds the valley floor, and leaves moraines where it melts.',
  ),
  pair(
    'In chess a pawn that reaches the last rank is promoted.',
    'Nearly always it becomes a queen; a knight now and then gives mate at once.',
  ),
  pair('The telescope’s mirror is made of eighteen hexagons.', 'They are coated with gold, which reflects infrared.'),
  pair(
    'Bees tell each other by a dance where nectar is.',
    'The angle gives the direction to the sun, the length of the waggle the distance.',
  ),
  pair('Bitte nehmen Sie den Zug um 7 Uhr 42 nach Köln.', 'Der Bus fährt wegen Bauarbeiten bis Freitag nicht.'),
  pair('La biblioteca abre a las nueve de la mañana.', 'Los domingos está cerrada, salvo en época de exámenes.', true),
  pair('Name: Ada Lovelace; born: 1815; field: mathematics.', 'Known for: notes on the Analytical Engine.'),
  pair(
    'def fibonacci(n):',
    '\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a  # the n-th number of the series',
  ),
  pair(
    'const debounce = (run, wait) => {',
    '\n  let timer\n  return () => { clearTimeout(timer); timer = setTimeout(run, wait) }\n}',
  ),
  pair(
    'SELECT customer, SUM(amount) FROM orders',
    'WHERE paid = 1 GROUP BY customer HAVING SUM(amount) > 1000 ORDER BY 2 DESC;',
  ),
  pair(
    'public static boolean isPalindrome(String word) {',
    '\n    return new StringBuilder(word).reverse().toString().equals(word);\n}',
  ),
  pair('git rebase --interactive HEAD~3', 'Squash the last three commits into one before the branch is pushed.'),
  pair('.button:hover { background: navy; }', '.button { padding: 4px 8px; border-radius: 3px; color: white; }', true),
  pair(
    'fn read_lines(path: &Path) -> io::Result<Vec<String>> {',
    '\n    BufReader::new(File::open(path)?).lines().collect()\n}',
  ),
  pair(
    'TypeError: cannot unpack non-iterable NoneType object',
    'The function returns nothing when the key is missing; return an empty tuple instead.',
  ),
]

/** What kind of text a probe is, for messages. */
export type ProbeKind = 'word' | 'question' | 'prose' | 'code' | 'unicode'

export interface Probe {
  readonly kind: ProbeKind
  readonly text: string
}

/** Short texts on which two engines are compared: of several kinds and lengths, capitals included. */
export const PROBES: readonly Probe[] = [
  { kind: 'word', text: 'Retrieval' },
  { kind: 'question', text: 'Which City hosted the 1936 Summer Olympics?' },
  {
    kind: 'prose',
    text: 'Mitochondria turn sugar into ATP, the currency in which a cell pays for nearly all of its work; muscle cells, which work hard, hold thousands of them.',
  },
  { kind: 'code', text: 'def area(Radius):\n    """Area of a circle."""\n    return math.pi * Radius ** 2' },
  { kind: 'unicode', text: 'Straße, naïve café, Ελληνικά, 漢字, смысл 😀' },
]

const LONG_SENTENCES = [
  'The archive holds letters, ledgers and maps of the harbour.',
  'Each page was photographed in the spring, and numbered by hand.',
  'Nobody has read all of it, but many have tried to find one name in it.',
  'What is written in pencil fades sooner than what was written in ink.',
]

/** A text of so many sentences. */
export function longText(sentences: number): string {
  return Array.from({ length: sentences }, (_, i) => `${i + 1}. ${LONG_SENTENCES[i % LONG_SENTENCES.length]}`).join(' ')
}
