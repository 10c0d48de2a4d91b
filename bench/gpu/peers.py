"""The same model in the ways that are usual today: sentence-transformers, and transformers with padded batches."""

import tempfile
import time

import torch

SPECIAL = ("<unk>", "<pad>", "<eos>")
"""Tokens that texts do not hold."""


def _folder(rows: int) -> str:
    """A small model of the family with a tokenizer that takes words "t3", "t4" … as its tokens: the pipeline's shell, whose weights are replaced."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2Model

    folder = tempfile.mkdtemp()
    # Special tokens are cut out of texts wherever their names stand.
    words = Tokenizer(models.WordLevel({**{name: i for i, name in enumerate(SPECIAL)}, **{f"t{i}": i for i in range(len(SPECIAL), rows)}}, unk_token=SPECIAL[0]))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token=SPECIAL[0], pad_token=SPECIAL[1], eos_token=SPECIAL[2], model_max_length=8192)
    tokenizer.save_pretrained(folder)
    config = Qwen2Config(hidden_size=64, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, intermediate_size=64, vocab_size=rows)
    Qwen2Model(config).save_pretrained(folder)
    return folder


def sentence_transformers(core, rows: int, device):
    """(version, encode(texts of token ids, batch size)) of sentence-transformers over these weights, last token pooled, as it is usually run."""
    import sentence_transformers as package
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import PreTrainedTokenizerFast

    folder = _folder(rows)
    shell = Transformer(folder, model_kwargs={"dtype": core.dtype, "attn_implementation": "sdpa"})
    shell.model = core
    # transformers makes a tokenizer of its own for the family; the saved one is meant.
    shell.processor = PreTrainedTokenizerFast.from_pretrained(folder)
    model = SentenceTransformer(modules=[shell, Pooling(core.config.hidden_size, "lasttoken")], device=str(device))

    def encode(texts, batch: int):
        words = [" ".join(f"t{i}" for i in ids) for ids in texts]
        return lambda: model.encode(words, batch_size=batch, convert_to_numpy=True)

    return package.__version__, encode


def rate(work, tokens: int, wait) -> float:
    wait()
    start = time.perf_counter()
    work()
    wait()
    return tokens / (time.perf_counter() - start)


def padded(core, texts, batch: int, device):
    """transformers, batches in the order given, padded to their longest text."""

    def work():
        with torch.inference_mode():
            for at in range(0, len(texts), batch):
                some = texts[at : at + batch]
                width = max(map(len, some))
                ids = torch.zeros(len(some), width, dtype=torch.long)
                mask = torch.zeros(len(some), width, dtype=torch.long)
                for row, one in enumerate(some):
                    ids[row, : len(one)] = torch.from_numpy(one.astype("i8"))
                    mask[row, : len(one)] = 1
                ends = mask.sum(dim=1) - 1
                states = core(input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False).last_hidden_state
                states[torch.arange(len(some), device=device), ends.to(device)].float().cpu()

    return work
