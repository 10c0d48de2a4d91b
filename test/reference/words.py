"""The words that nltk finds in texts: its Treebank rules over the sentences that its Punkt tokenizer finds with given parameters.

Reads JSON {"abbreviations": [...], "starters": [...], "texts": [...]} from stdin, writes a JSON list of lists of words. Punkt's own
parameters are not part of the package. Given are its abbreviations, and the words that it has seen in lower case, at the beginning of a
sentence too, and never with a capital; it takes every other lower-case word for one that does not begin a sentence.
"""

import json
import sys

from nltk.tokenize.destructive import NLTKWordTokenizer
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

BEGAN_IN_LOWER_CASE = 1 << 4

given = json.load(sys.stdin)
parameters = PunktParameters()
parameters.abbrev_types = set(given["abbreviations"])
for word in given["starters"]:
    parameters.add_ortho_context(word, BEGAN_IN_LOWER_CASE)
punkt = PunktSentenceTokenizer(parameters)
tokenizer = NLTKWordTokenizer()
json.dump(
    [[word for sentence in punkt.tokenize(text.lower()) for word in tokenizer.tokenize(sentence)] for text in given["texts"]],
    sys.stdout,
    ensure_ascii=False,
)
