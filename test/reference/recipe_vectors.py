"""Vectors of every recipe as plain transformers gives them: one text at a time, float32, eager attention, no padding, no batches.

usage: recipe_vectors.py REQUEST.json

Written from the methods' descriptions, not from fieldtrial's code: prompts are rendered by `apply_chat_template`, tokens come from the
model's own tokenizer, and the pooled tokens are found by the tokenizer's character offsets.

The request is a list of {"model": folder, "task": instruction, "texts": [...], "words": {"abbreviations", "starters", "stop"}, "jobs":
[{"key", "recipe", "parameters", "sides": both unless given}], "out": file}; `words` is what nltk would download. `out` gets, by key and side, a row for each text
{"vector": [...], "tokens": count, "truncated": bool, "sparse": [[id, weight, weight before it is rounded], ...] or null}, or
{"refused": why} where the chat template refuses the conversation or the prompt is longer than the context.
"""

import json
import math
import re
import string
import sys
from pathlib import Path

import numpy as np
import torch
from nltk.tokenize.destructive import NLTKWordTokenizer
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

torch.set_grad_enabled(False)
# Threads wait for each other, longer than they help, wherever something else computes beside them.
torch.set_num_threads(1)

SIDES = ("query", "document")
HERE = "\u2603text\u2603"


class Refused(Exception):
    pass


class Model:
    """A model in one thread's hands: hidden states and scores of one sequence of tokens."""

    def __init__(self, folder):
        # AutoTokenizer splits the words of every Qwen2 model as Qwen2's own tokenizer does, whatever tokenizer.json says.
        named = json.loads((Path(folder) / "tokenizer_config.json").read_text()).get("tokenizer_class")
        kind = PreTrainedTokenizerFast if named == "PreTrainedTokenizerFast" else AutoTokenizer
        self.tokenizer = kind.from_pretrained(folder)
        # LLM2Vec puts a user's turn around the texts of chat models that its code names.
        self.turn = ("<|im_start|>user\n", "<|im_end|>") if re.search("qwen.*-instruct", Path(folder).name) else ("", "")
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        self.layers = self.model.config.num_hidden_layers
        self.context = self.model.config.max_position_embeddings
        self.cache = {}
        self.probe()

    def probe(self):
        """Fails unless attention looks back only as the model stands, and forward too once it is told."""
        one, other = [5, 9, 14, 3], [5, 9, 14, 7]
        first = lambda ids, both: self.run(ids, both)[0][-1][0]
        assert torch.equal(first(one, False), first(other, False)), "the causal model sees what follows"
        assert not torch.allclose(first(one, True), first(other, True)), "attention in both directions does not see what follows"
        self.cache.clear()

    def run(self, ids, both=False):
        """(states of each layer as transformers lists them, the last layer's before the final norm, scores at the last token)"""
        key = (tuple(ids), both)
        if key not in self.cache:
            if len(self.cache) >= 96:
                self.cache.pop(next(iter(self.cache)))
            before = []
            hook = self.model.model.norm.register_forward_pre_hook(lambda _, args: before.append(args[0][0].clone()))
            self.model.config.is_causal = not both
            out = self.model(input_ids=torch.tensor([ids]), output_hidden_states=True, use_cache=False)
            hook.remove()
            self.cache[key] = ([states[0] for states in out.hidden_states], before[-1], out.logits[0, -1])
        return self.cache[key]

    def states(self, ids, parameters, both):
        """length x hidden: the layer that the parameters name, 1-based from the embeddings' 0; a share of the depth, half up."""
        hidden, before, _ = self.run(ids, both)
        layer = parameters.get("layer", -1)
        if 0 < layer < 1:
            layer = math.floor(layer * self.layers + 0.5)
        last = layer in (-1, self.layers)
        norm = parameters.get("finalNorm", last)
        if last:
            return hidden[-1] if norm else before
        return self.model.model.norm(hidden[layer]) if norm else hidden[layer]

    def bare(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False)

    def begin(self):
        """What the tokenizer puts before a text by itself."""
        with_specials, without = self.tokenizer.encode("a"), self.bare("a")
        assert with_specials[len(with_specials) - len(without) :] == without
        return with_specials[: len(with_specials) - len(without)]


class Built:
    """A prompt in tokens."""

    def __init__(self, ids, start=0, truncated=False):
        self.ids, self.start, self.truncated = ids, start, truncated


# --- Prompts ---------------------------------------------------------------------------------------------------------------------------


def fill(template, text, task):
    if "{text}" not in template:
        template += "{text}"
    return "".join({"{text}": text, "{task}": task}.get(piece, piece) for piece in re.split(r"(\{text\}|\{task\})", template))


def shortened(text, fits):
    """The longest beginning with which a prompt fits."""
    if fits(text):
        return text
    low, high = 0, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(text[:middle]) else (low, middle)
    # A character more may make fewer tokens.
    return next(text[:k] for k in range(min(low + 12, len(text)), -1, -1) if k <= low or fits(text[:k]))


def plain(model, template, text, task, limit, end=None):
    """A prompt without chat turns, tokenised as one text. A text at its end is cut token by token, one within by its characters."""
    ends = [] if end is None else [model.tokenizer.convert_tokens_to_ids(end)]
    room = limit - len(ends)
    whole = lambda part: model.tokenizer.encode(fill(template, part, task))
    kept = text
    if template.endswith("{text}") or "{text}" not in template:
        ids = whole(text)
        truncated = len(ids) > room
        ids = ids[:room]
    else:
        kept = shortened(text, lambda part: len(whole(part)) <= room)
        ids = whole(kept)
        truncated = kept != text
    # The text's tokens are those that reach beyond what stands before it.
    before = fill(template if "{text}" in template else template + "{text}", HERE, task).rindex(HERE)
    offsets = model.tokenizer(fill(template, kept, task), return_offsets_mapping=True)["offset_mapping"]
    # An empty document has a vector all the same: that of the end-of-sequence token.
    ids += ends or ([] if ids else [model.tokenizer.eos_token_id])
    start = next((at for at, (_, to) in enumerate(offsets[: len(ids)]) if to > before), len(ids) - 1)
    return Built(ids, min(start, len(ids) - 1), truncated)


def rendered(model, system, user, answer):
    """The conversation as the model's template writes it. `answer`: a text that begins the assistant's turn, True for an open turn."""
    messages = [{"role": "user", "content": user}]
    if system not in ("default", "none"):
        messages.insert(0, {"role": "system", "content": system})
    if isinstance(answer, str):
        messages.append({"role": "assistant", "content": answer})
    try:
        text = model.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=answer is True)
    except Exception as error:
        raise Refused(f"template: {error}") from error
    if isinstance(answer, str):
        text = text[: text.rindex(answer) + len(answer)]
    if system == "none":
        text = re.sub(r"^<\|im_start\|>system\n.*?<\|im_end\|>\n", "", text, flags=re.DOTALL)
    return text


def chat(model, system, user, answer, text, task, limit, end=None):
    """A chat prompt as one text, the contents cut so that the whole fits."""
    ends = [] if end is None else [model.tokenizer.convert_tokens_to_ids(end)]
    system = system.replace("{task}", task)
    frame = rendered(model, system, user.format(text=HERE), answer)
    whole = lambda part: model.bare(frame.replace(HERE, part)) + ends
    kept = shortened(text, lambda part: len(whole(part)) <= limit)
    return Built(whole(kept), truncated=kept != text)


def one_word_sentence(text):
    """MetaEOL's and PromptEOL's evaluation: a full stop at the end, no double quotes, no question mark at the end."""
    if text and text[-1] not in ".?\"'":
        text += "."
    text = text.replace('"', "'")
    return text[:-1] + "." if text.endswith("?") else text


# --- Recipes: (model, parameters, side, text, task) -> the prompts of one text ---------------------------------------------------------------


def limit_of(model, parameters, side, default=512):
    given = parameters.get("maxLength", {})
    return given if isinstance(given, int) else given.get(side, min(default, model.context))


def template_of(parameters, side, query, document):
    return parameters.get("prompts", {}).get(side, query if side == "query" else document)


def eos_of(model, parameters, default):
    return model.tokenizer.eos_token if parameters.get("eos", default) else None


def promptreps(model, parameters, side, text, task):
    ask = (
        '{kind}: "{{text}}". Use one word to represent the {what} in a retrieval task. Make sure your word is in lowercase.'
    ).format(**({"kind": "Query", "what": "query"} if side == "query" else {"kind": "Passage", "what": "passage"}))
    user = fill(template_of(parameters, side, ask, ask), HERE, task)
    before, after = rendered(model, parameters.get("system", "default"), user, 'The word is: "').split(HERE)
    ids = model.bare(text.strip())
    limit = limit_of(model, parameters, side)
    return [Built(model.bare(before) + ids[:limit] + model.bare(after), truncated=len(ids) > limit)]


def last_token(model, parameters, side, text, task):
    template = template_of(parameters, side, "query: ", "passage: ")
    return [plain(model, template, text, task, limit_of(model, parameters, side), eos_of(model, parameters, True))]


def mean(model, parameters, side, text, task):
    template = template_of(parameters, side, "", "")
    return [plain(model, template, text, task, limit_of(model, parameters, side), eos_of(model, parameters, False))]


def prompteol(model, parameters, side, text, task):
    default = 'This sentence : "{text}" means in one word:"'
    template = template_of(parameters, side, default, default)
    return [plain(model, template, one_word_sentence(text), task, limit_of(model, parameters, side))]


METAEOL = [
    "In this task, you're presented with a text excerpt. Your task is to categorize the excerpt into a broad category such as 'Education', 'Technology', 'Health', 'Business', 'Environment', 'Politics', or 'Culture'. These categories help in organizing content for better accessibility and targeting. For this task, this sentence : \"{text}\" should be classified under one general category in one word:\"",
    "In this task, you're given a statement and you need to determine whether it's presenting an 'Opinion' or a 'Fact'. This distinction is vital for information verification, educational purposes, and content analysis. For this task, this sentence : \"{text}\" discriminates between opinion and fact in one word:\"",
    "In this task, you're given a review from an online platform. Your task is to generate a rating for the product based on the review on a scale of 1-5, where 1 means 'extremely negative' and 5 means 'extremely positive'. For this task, this sentence : \"{text}\" reflects the sentiment in one word:\"",
    "In this task, you're reading a personal diary entry. Your task is to identify the predominant emotion expressed, such as joy, sadness, anger, fear, or love. For this task, this sentence : \"{text}\" conveys the emotion in one word:\"",
    "In this task, you're presented with two sentences. Your task is to assess whether the sentences convey the same meaning. Use 'identical', 'similar', 'different', or 'unrelated' to describe the relationship. To enhance the performance of this task, this sentence : \"{text}\" means in one word:\"",
    "In this task, you're given a sentence and a phrase. Your task is to determine if the phrase can be a contextual synonym within the given sentence. Options include 'yes', 'no', or 'partially'. To enhance the performance of this task, this sentence : \"{text}\" means in one word:\"",
    "In this task, you're examining a news article. Your task is to extract the most critical fact from the article. For this task, this sentence : \"{text}\" encapsulates the key fact in one word:\"",
    "In this task, you're reviewing a scientific abstract. Your task is to identify the main entities (e.g., proteins, diseases) and their relations (e.g., causes, treats). For this task, this sentence : \"{text}\" highlights the primary entity or relation in one word:\"",
]


def metaeol(model, parameters, side, text, task):
    limit = limit_of(model, parameters, side)
    return [plain(model, template, one_word_sentence(text), task, limit) for template in METAEOL]


def echo(model, parameters, side, text, task):
    first, again = ("Instruct:{task},\nQuery:", "\nQuery again:") if side == "query" else ("Document:", "\nDocument again:")
    copy = model.bare(text)
    limit = limit_of(model, parameters, side, 300)
    ids = model.begin() + model.bare(first.replace("{task}", task)) + copy[:limit] + model.bare(again)
    eos = eos_of(model, parameters, True)
    ends = [] if eos is None else [model.tokenizer.convert_tokens_to_ids(eos)]
    whole = ids + copy[:limit] + ends
    # Of an empty text without an end token nothing is left but the token before.
    return [Built(whole, min(len(ids), len(whole) - 1), len(copy) > limit)]


def instruct(model, parameters, side, text, task):
    layout = parameters.get("layout", "e5")
    query = {
        "e5": "Instruct: {task}\nQuery: {text}",
        "qwen3": "Instruct: {task}\nQuery:{text}",
        "gte": "Instruct: {task}\nQuery: {text}",
        "bge-code": "<instruct>{task}\n<query>{text}",
    }[layout]
    end = eos_of(model, parameters, True)
    if end is not None and layout == "qwen3" and model.tokenizer.pad_token is not None:
        end = model.tokenizer.pad_token
    return [plain(model, template_of(parameters, side, query, "{text}"), text, task, limit_of(model, parameters, side), end)]


def llm2vec(model, parameters, side, text, task):
    template = template_of(parameters, side, "{task}: {text}", "{text}")
    template = template.join(model.turn)
    return [plain(model, template, text.strip(), task, limit_of(model, parameters, side))]


def e5v(model, parameters, side, text, task):
    user = "{text}\nSummary above sentence in one word: "
    return [chat(model, parameters.get("system", "default"), user, True, text, task, limit_of(model, parameters, side))]


def vision_chat(model, parameters, side, text, task):
    layout = parameters.get("layout", "gme")
    system, answer = {
        "gme": ("{task}" if side == "query" else "You are a helpful assistant.", True),
        "dse": ("default", False),
        "qwen3-vl": ("{task}" if side == "query" else "Represent the user's input.", True),
    }[layout]
    end = None if layout == "qwen3-vl" else model.tokenizer.pad_token
    if end is None and layout != "qwen3-vl":
        raise Refused("the layout ends with the padding token, and the model has none")
    return [
        chat(model, parameters.get("system", system), "{text}", answer, text, task, limit_of(model, parameters, side), end)
    ]


def sentence_transformers(model, parameters, side, text, task):
    limit = limit_of(model, parameters, side, min(model.context, model.tokenizer.model_max_length))
    return [plain(model, template_of(parameters, side, "", ""), text, task, limit)]


# How prompts are made, what is pooled over which tokens ("text": from the text on), whether attention goes in both directions.
RECIPES = {
    "promptreps": (promptreps, "lasttoken", "all", False),
    "last-token": (last_token, "lasttoken", "all", False),
    "mean": (mean, "mean", "all", False),
    "weighted-mean": (mean, "weightedmean", "all", False),
    "prompteol": (prompteol, "lasttoken", "all", False),
    "metaeol": (metaeol, "lasttoken", "all", False),
    "echo": (echo, "mean", "text", False),
    "instruct": (instruct, "lasttoken", "all", False),
    "llm2vec": (llm2vec, "mean", "text", True),
    "e5v": (e5v, "lasttoken", "all", False),
    "vision-chat": (vision_chat, "lasttoken", "all", False),
    "sentence-transformers": (sentence_transformers, "lasttoken", "all", False),
}


# --- Vectors -----------------------------------------------------------------------------------------------------------------------------


def pooled(states, pooling, start):
    states = states[start:]
    if pooling == "lasttoken":
        return states[-1]
    if pooling == "max":
        return states.max(dim=0).values
    weights = torch.arange(start + 1, start + 1 + len(states)) if pooling == "weightedmean" else torch.ones(len(states))
    return (states.double() * weights[:, None]).sum(dim=0) / weights.sum()


def decoded(model, ids, parameters, steps):
    """PromptReps' several tokens in one vector: states averaged, scores maximised, up to the token that closes the quotes."""
    states, scores = [], []
    for _ in range(steps):
        logits = model.run(ids)[2]
        token = int(logits.argmax())
        closes = '"' in model.tokenizer.decode([token])
        if closes and states:
            break
        states.append(model.states(ids, parameters, False)[-1].double())
        scores.append(logits)
        if closes:
            break
        ids = ids + [token]
    return torch.stack(states).mean(dim=0), torch.stack(scores).max(dim=0).values


class Words:
    """nltk's `word_tokenize(text.lower())` less stop words and punctuation; its downloads come with the request."""

    def __init__(self, given):
        parameters = PunktParameters()
        parameters.abbrev_types = set(given["abbreviations"])
        for word in given["starters"]:
            parameters.add_ortho_context(word, 1 << 4)  # began a sentence in lower case
        self.sentences = PunktSentenceTokenizer(parameters)
        self.words = NLTKWordTokenizer()
        self.without = set(given["stop"]) | set(string.punctuation)

    def of(self, text):
        found = [word for sentence in self.sentences.tokenize(text.lower()) for word in self.words.tokenize(sentence)]
        return [word for word in found if word not in self.without]


def sparse(model, words, text, logits):
    named = logits[: len(model.tokenizer)]
    z = torch.log(1 + torch.relu(named))
    own = sorted({token for word in words.of(text.strip()) for token in model.bare(word)})
    if own:
        values, places = z[own].topk(min(len(own), 128))
        ids = [own[place] for place in places.tolist()]
    else:
        values, places = z.topk(10)
        ids = places.tolist()
    exact = values.numpy() * 100
    rows = zip(ids, np.rint(exact).astype(int).tolist(), exact.tolist())
    return sorted(row for row in rows if row[1] > 0)


def vector(model, words, recipe, parameters, side, text, task):
    build, pooling, span, both = RECIPES[recipe]
    pooling = parameters.get("pooling", pooling)
    both = parameters.get("attention", "bidirectional" if both else "causal") == "bidirectional"
    if recipe == "instruct" and parameters.get("layout") == "gte" and "attention" not in parameters:
        both = True
    prompts = build(model, parameters, side, text, task)
    if any(len(prompt.ids) > model.context for prompt in prompts):
        raise Refused("longer than the context")
    steps = parameters.get("generateTokens", 0)
    views, logits = [], None
    for prompt in prompts:
        if steps > 0:
            view, logits = decoded(model, prompt.ids, parameters, steps)
        else:
            logits = model.run(prompt.ids, both)[2]
            view = pooled(model.states(prompt.ids, parameters, both), pooling, prompt.start if span == "text" else 0)
        views.append(view.double())
    made = torch.stack(views).mean(dim=0)
    if parameters.get("normalize", True):
        made = made / made.norm()
    return {
        "vector": made.tolist(),
        "tokens": sum(len(prompt.ids) for prompt in prompts),
        "truncated": any(prompt.truncated for prompt in prompts),
        "sparse": sparse(model, words, text, logits) if parameters.get("sparse") else None,
    }


def answer(request):
    model, words = Model(request["model"]), Words(request["words"])
    answers = {}
    for job in request["jobs"]:
        answers[job["key"]] = sides = {side: [] for side in SIDES}
        for side in job.get("sides", SIDES):
            for text in request["texts"]:
                try:
                    row = vector(model, words, job["recipe"], job["parameters"], side, text, request["task"])
                except Refused as error:
                    row = {"refused": str(error)}
                sides[side].append(row)
    with open(request["out"], "w") as file:
        json.dump(answers, file)


if __name__ == "__main__":
    for request in json.load(open(sys.argv[1])):
        answer(request)
