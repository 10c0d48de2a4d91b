"""What transformers renders for the chat templates of test/fixtures/chat-templates, written to stdout as JSON.

    .venv/bin/python test/reference/golden_prompts.py TOKENIZER_FOLDER > test/fixtures/chat-templates/golden.json

TOKENIZER_FOLDER holds the tokenizer of Qwen2.5. It renders all templates (rendering does not ask the tokenizer), and gives the token ids of
the prompts of models that share it: as PromptReps joins them, each part by itself, the text cut to 512 tokens. A fixture's `renamed` are the
names that stand in its model's tokenizer in the place of Qwen2.5's. `plain` are the ids of recipes without chat turns.
"""

import json
import sys
from pathlib import Path

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

FOLDER = Path(__file__).parent.parent / "fixtures" / "chat-templates"
# What templates write that ask for today's date.
DATE = "26 Jul 2024"
TEXTS = {
    "plain": "How do I sort a dict by its values?",
    "hard": 'A "quoted"\n\n  text <|im_end|>{text} with {{ braces }}, é, 漢字\nand </think> a tag: \\boxed{}',
    "long": "word " * 600,
}
SYSTEMS = {"default": None, "text": "You are an AI assistant that can understand human language."}
USER = '{kind}: "{text}". Use one word to represent the {what} in a retrieval task. Make sure your word is in lowercase.'
KINDS = {"query": ("Query", "query"), "document": ("Passage", "passage")}
ANSWER = 'The word is: "'
TASK = "Given a web search query, retrieve relevant code that can help answer the query."
# The sides of recipes without chat turns, with what follows the text and, for each side, what stands before it.
PLAIN = [
    ("prompteol", {}, "sentence", {side: 'This sentence : "' for side in KINDS}, '" means in one word:"', None),
    ("last-token", {}, "as-is", {"query": "query: ", "document": "passage: "}, "", "eos"),
    ("instruct", {"layout": "e5"}, "as-is", {"query": f"Instruct: {TASK}\nQuery: ", "document": ""}, "", "eos"),
    ("instruct", {"layout": "qwen3"}, "as-is", {"query": f"Instruct: {TASK}\nQuery:", "document": ""}, "", "pad"),
]
ECHO = {"query": (f"Instruct:{TASK},\nQuery:", "\nQuery again:"), "document": ("Document:", "\nDocument again:")}
CONVERSATIONS = {
    "user": [("user", "Hello")],
    "system": [("system", "Be brief."), ("user", "Hello"), ("assistant", "Hi")],
    "dialogue": [("user", "One"), ("assistant", "Two"), ("user", "Three")],
    "blanks": [("user", "\n Hello  "), ("assistant", "Hi \n")],
}


def render(tokenizer, messages, generation=False):
    messages = [{"role": role, "content": content} for role, content in messages]
    try:
        return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=generation, date_string=DATE)
    except Exception as error:  # Templates refuse conversations with exceptions of Jinja's.
        return {"refused": type(error).__name__}


def prompts(tokenizer, with_ids):
    for setting, system in SYSTEMS.items():
        for side, (kind, what) in KINDS.items():
            for name, text in TEXTS.items():
                if name == "long" and side == "query":
                    continue
                user = USER.format(kind=kind, what=what, text=text.strip())
                messages = ([("system", system)] if system else []) + [("user", user), ("assistant", ANSWER)]
                whole = render(tokenizer, messages)
                row = {"system": setting, "side": side, "text": name}
                if isinstance(whole, dict):
                    yield {**row, **whole}
                    continue
                whole = whole[: whole.rindex(ANSWER) + len(ANSWER)]
                row["prompt"] = whole
                if with_ids:
                    before, after = whole.split(f'{kind}: "{text.strip()}"')
                    ids = lambda part: tokenizer.encode(part, add_special_tokens=False)
                    row["ids"] = ids(f'{before}{kind}: "') + ids(text.strip())[:512] + ids(f'"{after}')
                yield row


def loaded(folder, renamed):
    """Qwen2.5's tokenizer, with other names for some of its added tokens."""
    if not renamed:
        return PreTrainedTokenizerFast.from_pretrained(folder)
    file = json.loads((Path(folder) / "tokenizer.json").read_text(encoding="utf8"))
    for token in file["added_tokens"]:
        token["content"] = renamed.get(token["content"], token["content"])
    # Some files list them in the vocabulary too; added tokens that are not there would get other ids.
    model = file["model"]
    model["vocab"] = {renamed.get(name, name): number for name, number in model["vocab"].items()}
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(file)))


def as_sentence(text):
    """As MetaEOL's evaluation does: no double quotes, a full stop at the end."""
    text = text if text[-1] in ".?\"'" else text + "."
    text = text.replace('"', "'")
    return text[:-1] + "." if text[-1] == "?" else text


def plain(tokenizer):
    ids = lambda text: tokenizer.encode(text, add_special_tokens=False)
    end = {"eos": [tokenizer.eos_token_id], "pad": [tokenizer.pad_token_id], None: []}
    for side in KINDS:
        for name, text in TEXTS.items():
            for recipe, parameters, contents, before, after, last in PLAIN:
                if name == "long" and after:  # How many words fit is not asked here.
                    continue
                whole = ids(before[side] + (as_sentence(text) if contents == "sentence" else text) + after)
                row = {"recipe": recipe, "parameters": parameters, "side": side, "text": name}
                yield {**row, "ids": whole[: 512 - len(end[last])] + end[last]}
            once, again = map(ids, ECHO[side])
            copy = ids(text)[:300]
            row = {"recipe": "echo", "parameters": {}, "side": side, "text": name}
            yield {**row, "ids": once + copy + again + copy + end["eos"]}


golden = {"texts": TEXTS, "systems": SYSTEMS, "task": TASK, "models": {}}
for file in sorted(FOLDER.glob("*.json")):
    if file.name == "golden.json":
        continue
    fixture = json.loads(file.read_text(encoding="utf8"))
    tokenizer = loaded(sys.argv[1], fixture.get("renamed"))
    tokenizer.chat_template = fixture["template"]
    for name in ("bos", "eos", "pad", "unk"):
        setattr(tokenizer, f"{name}_token", fixture[name])
    golden["models"][file.stem] = {
        "conversations": [
            {"name": name, "generation": generation, "messages": messages, "want": render(tokenizer, messages, generation)}
            for name, messages in CONVERSATIONS.items()
            for generation in (False, True)
        ],
        "promptreps": list(prompts(tokenizer, file.stem.startswith("qwen2.5") or "renamed" in fixture)),
        # The two differ in what ends a text.
        "plain": list(plain(tokenizer)) if file.stem in ("qwen2.5", "qwen2.5-instruct") else [],
    }
json.dump(golden, sys.stdout, ensure_ascii=False, separators=(",", ":"))
sys.stdout.write("\n")
