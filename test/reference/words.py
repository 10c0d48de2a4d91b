"""The words that nltk finds in texts: its Treebank rules over the sentences that its Punkt tokenizer finds with given abbreviations.

Reads JSON {"abbreviations": [...], "texts": [...]} from stdin, writes a JSON list of lists of words. Punkt's own parameters are not part of
the package; without its statistics of capitals the tokenizer takes every lower-case word for one that does not begin a sentence.
"""

import json
import sys

from nltk.tokenize.destructive import NLTKWordTokenizer
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

given = json.load(sys.stdin)
parameters = PunktParameters()
parameters.abbrev_types = set(given["abbreviations"])
punkt = PunktSentenceTokenizer(parameters)
tokenizer = NLTKWordTokenizer()
json.dump(
    [[word for sentence in punkt.tokenize(text.lower()) for word in tokenizer.tokenize(sentence)] for text in given["texts"]],
    sys.stdout,
)
