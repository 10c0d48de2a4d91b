"""Tokens as transformers' Rust tokenizers give them.

    python test/reference/tokens.py encode FOLDER < texts.json > ids.json
    python test/reference/tokens.py make

`encode` reads a JSON list of texts and writes a list of id lists, with special tokens. A folder with config.json is loaded by transformers'
AutoTokenizer, any other by `tokenizers` from its tokenizer.json. Lone surrogates are replaced by U+FFFD first: Rust takes none.

`make` writes the small tokenizers of test/fixtures/tokenizers: each a family's tokenizer.json (normaliser, pre-tokenizer, model settings,
post-processor, added tokens) over a vocabulary of a few hundred tokens, and `reference.json` with the ids of `texts.json` beside it.
"""

import json
import re
import sys
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = Path(__file__).parent.parent / "fixtures" / "tokenizers"


def well_formed(text):
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def encoder(folder):
    if (folder / "config.json").exists():
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(folder)
        return lambda text: tokenizer(text, truncation=False)["input_ids"]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return lambda text: tokenizer.encode(text).ids


def encode(folder, texts):
    ids_of = encoder(folder)
    return [ids_of(well_formed(text)) for text in texts]


LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2_PATTERN = LLAMA3_PATTERN.replace("{1,3}", "")
SPACES = ["▁" * n for n in (2, 4, 8)]


def byte_level_pairs(pattern, texts, size):
    """Vocabulary and merges of byte pairs behind a pattern."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False))
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


def marked_pairs(texts, size, first):
    """Vocabulary and merges as SentencePiece's: words begin with ▁, runs of ▁ are tokens, bytes come after the special tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    trainer = trainers.BpeTrainer(vocab_size=size, limit_alphabet=90, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    names = first + [f"<0x{byte:02X}>" for byte in range(256)] + list(model["vocab"]) + SPACES
    vocab = {name: i for i, name in enumerate(dict.fromkeys(names))}
    merges = [("▁", "▁"), ("▁▁", "▁▁"), ("▁▁▁▁", "▁▁▁▁")] + [tuple(merge) for merge in model["merges"]]
    return vocab, merges


def llama3(texts):
    vocab, merges = byte_level_pairs(LLAMA3_PATTERN, texts, 520)
    # A word of the vocabulary that no merge makes: `ignore_merges` finds it whole.
    vocab["Ġconsectetur"] = len(vocab)
    tokenizer = Tokenizer(models.BPE(vocab, merges, ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(LLAMA3_PATTERN), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"])
    bos = ("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))
    template = processors.TemplateProcessing(single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A $B", special_tokens=[bos])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True), template])
    return tokenizer, dict(bos_token="<|begin_of_text|>", eos_token="<|end_of_text|>", tokenizer_class="PreTrainedTokenizerFast")


def qwen2(texts):
    """Without the normaliser, as files made from GGUF are: transformers' Qwen2Tokenizer puts NFC there."""
    vocab, merges = byte_level_pairs(QWEN2_PATTERN, texts, 500)
    tokenizer = Tokenizer(models.BPE(vocab, merges, continuing_subword_prefix="", end_of_word_suffix=""))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(QWEN2_PATTERN), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("</tool_call>", normalized=False)])
    return tokenizer, dict(eos_token="<|im_end|>", pad_token="<|endoftext|>", add_bos_token=False, tokenizer_class="Qwen2Tokenizer")


def sentence_pairs(texts, unk_fused=True):
    vocab, merges = marked_pairs(texts, 420, ["<unk>", "<s>", "</s>"])
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=unk_fused, byte_fallback=True))
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    tokenizer.add_special_tokens([AddedToken(name, normalized=False) for name in ("<unk>", "<s>", "</s>")])
    return tokenizer, dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>", tokenizer_class="LlamaTokenizer")


def llama2(texts):
    tokenizer, config = sentence_pairs(texts)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return tokenizer, config


def mistral(texts):
    tokenizer, config = sentence_pairs(texts)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    tokenizer.add_special_tokens(["[INST]", "[/INST]"])
    return tokenizer, config


def gemma(texts):
    vocab, merges = marked_pairs(texts, 420, ["<pad>", "<eos>", "<bos>", "<unk>"])
    for run in ("\n\n", "\n\n\n", "<table>"):
        vocab.setdefault(run, len(vocab))
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", pair="<bos> $A <bos>:1 $B:1", special_tokens=[("<bos>", 2)])
    tokenizer.add_special_tokens([AddedToken(name, normalized=False) for name in ("<pad>", "<eos>", "<bos>", "<unk>")])
    tokenizer.add_special_tokens(["<start_of_turn>", "<end_of_turn>"])
    tokenizer.add_tokens([AddedToken(run, normalized=False) for run in ("\n\n", "\n\n\n", "▁▁▁▁", "<table>")])
    return tokenizer, dict(bos_token="<bos>", eos_token="<eos>", unk_token="<unk>", tokenizer_class="GemmaTokenizer")


def digits(texts):
    """Starcoder's and DeepSeek's kind: digits apart, GPT-2's own pattern; and words that are unknown, since bytes were left out."""
    vocab, merges = byte_level_pairs(r"\s?\p{L}+|\s?[^\s\p{L}]+|\s+", texts, 480)
    vocab = {token: i for i, token in enumerate(t for t in vocab if t not in ("Ł", "ł", "Ã"))}
    vocab["<unk>"] = len(vocab)
    merges = [m for m in merges if m[0] in vocab and m[1] in vocab and m[0] + m[1] in vocab]
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Punctuation(), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<unk>"])
    tokenizer.add_tokens([AddedToken("<mask>", lstrip=True, normalized=False), AddedToken("<fim>", rstrip=True, normalized=False)])
    tokenizer.add_tokens([AddedToken("word", single_word=True, normalized=False)])
    return tokenizer, dict(unk_token="<unk>")


def make():
    texts = json.loads((HERE / "texts.json").read_text(encoding="utf8"))
    for build in (llama3, qwen2, llama2, mistral, gemma, digits):
        folder = HERE / build.__name__
        folder.mkdir(exist_ok=True)
        tokenizer, config = build([well_formed(text) for text in texts])
        (folder / "tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":")), encoding="utf8")
        (folder / "tokenizer_config.json").write_text(json.dumps(config) + "\n")
        if build is qwen2:
            (folder / "config.json").write_text('{"model_type": "qwen2"}\n')
        ids = encode(folder, texts)
        (folder / "reference.json").write_text("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in ids) + "\n]\n")
        print(build.__name__, tokenizer.get_vocab_size(), sum(map(len, ids)))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make()
    else:
        json.dump(encode(Path(sys.argv[2]), json.load(sys.stdin)), sys.stdout)
