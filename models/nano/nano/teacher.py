"""The teacher of nano-retriever, all-MiniLM-L6-v2 (Apache-2.0): packed for the way to a GPU, and its vectors of many texts.

    python -m nano.teacher --model .models/all-MiniLM-L6-v2 --out .bench/nano/distill/teacher

The packed folder holds weights.xz (int8 with a scale per row, as `nano.packed`, compressed), config.json and tokenizer.json. Vectors are the
mean of the last states, of length 1, as its card says.
"""

import argparse
import lzma
import shutil
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load, load_file, save

from . import packed
from .fetch import HERE


def pack(model: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    weights = {k: v for k, v in load_file(model / "model.safetensors").items() if v.is_floating_point() and not k.startswith("pooler")}
    (out / "weights.xz").write_bytes(lzma.compress(save(packed.pack(weights)), preset=9))
    for name in ("config.json", "tokenizer.json"):
        shutil.copyfile(model / name, out / name)


class Teacher:
    def __init__(self, folder: Path, device: torch.device):
        from transformers import BertConfig, BertModel

        self.device = device
        self.dtype = torch.float16 if device.type == "cuda" else torch.float32
        config = BertConfig.from_json_file(folder / "config.json")
        model = BertModel(config, add_pooling_layer=False)
        missing, unexpected = model.load_state_dict(packed.unpack(load(lzma.decompress((folder / "weights.xz").read_bytes()))), strict=False)
        if unexpected or any("position_ids" not in key for key in missing):
            raise SystemExit(f"{folder / 'weights.xz'} is no BERT of this version of transformers: missing {missing}, unexpected {unexpected}.")
        self.model = model.to(device, self.dtype).eval()
        self.size = config.hidden_size

    @torch.no_grad()
    def vectors(self, tokens: np.ndarray, lengths: np.ndarray, budget: int | None = None, log=None) -> torch.Tensor:
        """(texts, size), float16 on the GPU, float32 elsewhere. tokens: all texts one behind the other; budget: tokens of a batch, padding included (default: 131,072 on a GPU)."""
        budget = budget or (131_072 if self.device.type == "cuda" else 4096)
        flat = torch.from_numpy(tokens.astype(np.int32)).to(self.device)
        starts = np.cumsum(lengths, dtype=np.int64) - lengths
        order = np.argsort(-lengths, kind="stable")
        result = torch.empty(len(lengths), self.size, dtype=self.dtype, device=self.device)
        first, batches = 0, 0
        while first < len(order):
            longest = -(-int(lengths[order[first]]) // 8) * 8
            rows = order[first : first + max(1, budget // longest)]
            first += len(rows)
            at = torch.from_numpy(rows).to(self.device)
            span = torch.arange(longest, device=self.device)
            real = span[None] < torch.from_numpy(lengths[rows]).to(self.device)[:, None]
            ids = flat[(torch.from_numpy(starts[rows]).to(self.device)[:, None] + span).clamp_max(len(flat) - 1)].long() * real
            states = self.model(input_ids=ids, attention_mask=real.long()).last_hidden_state
            mean = (states.float() * real[:, :, None]).sum(1) / real.sum(1, keepdim=True)
            result[at] = F.normalize(mean, dim=-1).to(self.dtype)
            batches += 1
            if log and batches % 400 == 0:
                log(f"teacher: {first} of {len(order)} texts")
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description="Packs the teacher of nano-retriever.")
    parser.add_argument("--model", type=Path, default=HERE.parent.parent / ".models" / "all-MiniLM-L6-v2")
    parser.add_argument("--out", type=Path, default=HERE.parent.parent / ".bench" / "nano" / "distill" / "teacher")
    arguments = parser.parse_args()
    pack(arguments.model, arguments.out)
    print(f"{arguments.out / 'weights.xz'}: {(arguments.out / 'weights.xz').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
