/** nltk's English stop words (the list of 179; later ones add only contractions, which its tokenizer splits before they are looked up). */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    "i me my myself we our ours ourselves you you're you've you'll you'd your yours yourself yourselves he him his himself she she's her " +
    "hers herself it it's its itself they them their theirs themselves what which who whom this that that'll these those am is are was " +
    'were be been being have has had having do does did doing a an the and but if or because as until while of at by for with about ' +
    'against between into through during before after above below to from up down in out on off over under again further then once ' +
    'here there when where why how all any both each few more most other some such no nor not only own same so than too very s t can ' +
    "will just don don't should should've now d ll m o re ve y ain aren aren't couldn couldn't didn didn't doesn doesn't hadn hadn't " +
    "hasn hasn't haven haven't isn isn't ma mightn mightn't mustn mustn't needn needn't shan shan't shouldn shouldn't wasn wasn't weren " +
    "weren't won won't wouldn wouldn't"
  ).split(' '),
)

/** Python's `string.punctuation`. */
export const PUNCTUATION: ReadonlySet<string> = new Set('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~')

/** Abbreviations that nltk's English Punkt model (punkt_tab) knows, without their last full stop, but a spaced ellipsis, which changes no words. */
export const ABBREVIATIONS: ReadonlySet<string> = new Set(
  (
    'a.a a.c a.d a.g a.h a.m a.m.e a.s a.t adm ala ariz aug ave b.f b.v bros c c.i.t c.o.m.b c.v calif chg cie co col colo conn corp cos ' +
    'ct d d.c d.h d.w dec dr e e.f e.h e.l e.m f f.g f.j feb fla fri ft g g.d g.f g.k ga gen h h.c h.f h.m i.m.s ill inc j.b j.c j.j j.k j.p ' +
    'j.r jan jr k kan ky l l.a l.f l.p lt ltd m m.b.a m.d.c m.j maj messrs mg mich minn mr mrs ms n n.c n.d n.h n.j n.m n.v n.y nev nov oct ' +
    'ok okla ore p p.a.m p.m pa ph.d prof r r.a r.h r.i r.j r.k r.t rep reps s s.a s.a.y s.c s.g s.p.a s.s sen sep sept sr st sw t t.j tenn ' +
    'tues u.k u.n u.s u.s.a u.s.s.r v va vs vt w w.c w.r w.va w.w wash wed wis yr'
  ).split(' '),
)

/** All words that Punkt's model has seen in lower case at the beginning of a sentence, and never with a capital. */
export const LOWER_CASE_STARTERS: ReadonlySet<string> = new Set(['administrators', 'b-week', 'r-revised', 'z-holiday'])
