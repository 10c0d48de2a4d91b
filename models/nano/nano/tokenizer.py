"""The family's tokenizer: byte-level BPE with Qwen2's pre-tokenisation, ChatML's tokens and those that Qwen's vision models use.

    python -m nano.tokenizer --out .bench/nano      # from .bench/nano/corpus.jsonl.bz2 into models/nano/tokenizer
"""

import argparse
import bz2
import json
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from .fetch import HERE

FOLDER = HERE / "tokenizer"
END, START, TURN = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
VISION = ("<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>")
THINK = ("<think>", "</think>")
# Qwen2's: contractions, words with one character before, single digits, marks, line ends, blanks.
PATTERN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
# Characters of each kind that the merges are learnt from.
SHARES = {"text": 10e6, "dictionary": 3e6, "code": 9e6, "maths": 1.5e6, "gsm8k": 3e6, "captions": 0.5e6}

# ChatML. Without a system turn of its own a conversation gets the same short one for every sibling.
TEMPLATE = """{%- if messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- else %}
    {{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if not (loop.first and message['role'] == 'system') %}
        {{- '<|im_start|>' + message['role'] + '\\n' }}
        {%- if message['content'] is string %}
            {{- message['content'] }}
        {%- else %}
            {%- for part in message['content'] %}
                {%- if part['type'] == 'image' or 'image' in part %}
                    {{- '<|vision_start|><|image_pad|><|vision_end|>' }}
                {%- elif 'text' in part %}
                    {{- part['text'] }}
                {%- endif %}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
SYSTEM = "You are a helpful assistant."


def empty(vocabulary: dict[str, int] | None = None, merges: list | None = None) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, byte_fallback=False) if vocabulary else models.BPE(byte_fallback=False))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(PATTERN), "isolated", invert=False), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def special_tokens() -> list[AddedToken]:
    special = [AddedToken(text, special=True, normalized=False) for text in (END, START, TURN, *VISION)]
    return special + [AddedToken(text, special=False, normalized=False) for text in THINK]


def sample(records: Iterator[dict], shares: dict[str, float], totals: dict[str, float]) -> Iterator[str]:
    """About so many characters of each kind, evenly from all sources. totals: characters of each kind in the corpus."""
    for i, record in enumerate(records):
        kind = record["k"]
        part = min(1.0, shares.get(kind, 0) / max(1, totals.get(kind, 0)))
        if zlib.crc32(f"{i}".encode()) % 1000 < part * 1000:
            yield f"{record['h']}\n{record['t']}" if kind in ("dictionary", "gsm8k") else record["t"][:20_000]


def train(texts: Iterator[str], size: int) -> Tokenizer:
    """A vocabulary of exactly `size` entries, special tokens last, as Qwen2 has it."""
    added = special_tokens()
    tokenizer = empty()
    trainer = trainers.BpeTrainer(vocab_size=size - len(added), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False, max_token_length=24)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens(added)
    if tokenizer.get_vocab_size(with_added_tokens=True) != size:
        raise SystemExit(f"The texts give {tokenizer.get_vocab_size(with_added_tokens=True)} entries, not {size}: train on more.")
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """tokenizer.json and tokenizer_config.json; the template lies in the latter, where every tool looks."""
    folder.mkdir(parents=True, exist_ok=True)
    content = json.loads(tokenizer.to_str())
    (folder / "tokenizer.json").write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    config = {
        "add_bos_token": False,
        "add_prefix_space": False,
        "additional_special_tokens": [START, TURN, *VISION],
        "bos_token": None,
        "chat_template": TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "eos_token": TURN,
        "errors": "replace",
        "model_max_length": 512,
        "pad_token": END,
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def load(folder: Path = FOLDER) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def ids(tokenizer: Tokenizer) -> dict[str, int]:
    return {"end": tokenizer.token_to_id(END), "start": tokenizer.token_to_id(START), "turn": tokenizer.token_to_id(TURN)}


def records(path: Path) -> Iterator[dict]:
    """The records of a file of JSON lines, .bz2 or .xz; of NAME.jsonl.xz where NAME.jsonl.bz2 is not there (a sixth smaller, for a way that takes little)."""
    file = path if path.is_file() else path.with_suffix(".xz")
    with (lzma if file.suffix == ".xz" else bz2).open(file, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the tokenizer of the nano family.")
    parser.add_argument("--corpus", type=Path, default=HERE.parent.parent / ".bench" / "nano" / "corpus.jsonl.bz2")
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    size = json.loads((HERE / "family.json").read_text())["tokenizer"]["vocabulary"]
    totals = json.loads(arguments.corpus.with_name("corpus.json").read_text())["characters"]
    save(train(sample(records(arguments.corpus), SHARES, totals), size), arguments.out)
    text = [r["t"] for _, r in zip(range(3000), records(arguments.corpus))]
    count = sum(len(e.ids) for e in load(arguments.out).encode_batch(text))
    print(f"{size} entries; {sum(map(len, text)) / count:.2f} characters per token on the first 3,000 texts")


if __name__ == "__main__":
    main()
