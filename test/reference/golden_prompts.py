"""What transformers renders for the chat templates of test/fixtures/chat-templates, written to stdout as JSON.

    .venv/bin/python test/reference/golden_prompts.py TOKENIZER_FOLDER > test/fixtures/chat-templates/golden.json

TOKENIZER_FOLDER holds the tokenizer of Qwen2.5. It renders all templates (rendering does not ask the tokenizer), and gives the token ids of
the prompts of models that share it: as PromptReps joins them, each part by itself, the text cut to 512 tokens.
"""

import json
import sys
from pathlib import Path

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


golden = {"texts": TEXTS, "systems": SYSTEMS, "models": {}}
for file in sorted(FOLDER.glob("*.json")):
    if file.name == "golden.json":
        continue
    fixture = json.loads(file.read_text(encoding="utf8"))
    tokenizer = PreTrainedTokenizerFast.from_pretrained(sys.argv[1])
    tokenizer.chat_template = fixture["template"]
    for name in ("bos", "eos", "pad", "unk"):
        setattr(tokenizer, f"{name}_token", fixture[name])
    golden["models"][file.stem] = {
        "conversations": [
            {"name": name, "generation": generation, "messages": messages, "want": render(tokenizer, messages, generation)}
            for name, messages in CONVERSATIONS.items()
            for generation in (False, True)
        ],
        "promptreps": list(prompts(tokenizer, file.stem.startswith("qwen2.5"))),
    }
json.dump(golden, sys.stdout, ensure_ascii=False, separators=(",", ":"))
sys.stdout.write("\n")
