"""Tiny random cross-encoders over the tokenizers of test/fixtures/models, and the scores that transformers gives pairs of texts.

usage: cross_encoders.py FOLDER PAIRS.json

PAIRS.json is [[query, document], …]; prints {family: {"maxLength": n, "scores": […]}}.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

FIXTURES = Path(__file__).parent.parent / "fixtures" / "models"
# What is made of which fixture; a tokenizer's class decides whether transformers tells two texts apart by segments.
FAMILIES = {
    "bert": ("bert", "BertTokenizer"),
    "bert-without-segments": ("bert", "TokenizersBackend"),
    "roberta": ("roberta", None),
    "xlm-roberta": ("xlm-roberta", None),
    "distilbert": ("distilbert", None),
}


def main(target, pairs):
    answers = {}
    for seed, (name, (family, tokenizer_class)) in enumerate(FAMILIES.items()):
        folder = target / name
        folder.mkdir(parents=True)
        config = AutoConfig.from_pretrained(FIXTURES / family, num_labels=1, dtype="float32")
        torch.manual_seed(seed)
        model = AutoModelForSequenceClassification.from_config(config).eval()
        with torch.no_grad():
            for parameter, weight in model.named_parameters():
                if parameter.endswith("bias"):
                    weight.copy_(0.3 * torch.randn_like(weight))
        model.save_pretrained(folder)
        shutil.copy(FIXTURES / family / "tokenizer.json", folder)
        settings = json.loads((FIXTURES / family / "tokenizer_config.json").read_text())
        if tokenizer_class is not None:
            settings["tokenizer_class"] = tokenizer_class
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        length = config.max_position_embeddings - (config.pad_token_id + 1 if "roberta" in family else 0)
        length = min(length, tokenizer.model_max_length)
        with torch.no_grad():
            scores = [
                model(**tokenizer([pair], truncation="longest_first", max_length=length, return_tensors="pt")).logits.item()
                for pair in pairs
            ]
        answers[name] = {"maxLength": length, "scores": scores}
    print(json.dumps(answers))


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()))
