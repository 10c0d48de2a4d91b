"""What plain transformers computes: one text at a time, float32, eager attention, no padding.

usage: hidden_states.py REQUEST.json

The request is a list of {"model": folder, "ids": [[...], ...], "attention": "causal" | "bidirectional", "decode": steps, "out": file}.
For each text i the file (safetensors) holds
`i.states`, (layers + 1) x length x hidden: every layer's states, all without the model's last norm;
`i.norm`, the same with that norm on each;
`i.last`, length x hidden: the model's own last_hidden_state;
`i.logits`, vocabulary: the head's scores at the last token;
`i.decoded`, steps: token ids (as float32) that greedy decoding adds, and `i.decoded_states`, steps x hidden: the states, last norm on,
from which each was chosen.
"""

import json
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM


def states_of(model, ids):
    """Every layer's states before the last norm, caught at the layers themselves, since transformers norms the last of its list."""
    caught = {}
    inner = model.model
    hooks = [
        layer.register_forward_pre_hook(
            lambda _, args, kwargs, i=i: caught.__setitem__(i, (args[0] if args else kwargs["hidden_states"]).clone()),
            with_kwargs=True,
        )
        for i, layer in enumerate(inner.layers)
    ]
    hooks.append(inner.norm.register_forward_pre_hook(lambda _, args: caught.__setitem__(len(inner.layers), args[0].clone())))
    out = model(input_ids=ids, output_hidden_states=True, use_cache=False)
    for hook in hooks:
        hook.remove()
    raw = torch.stack([caught[i][0] for i in range(len(inner.layers) + 1)])
    # The list agrees with what was caught, so both readings of "hidden_states[l]" are covered.
    for i in range(len(inner.layers)):
        assert torch.equal(raw[i], out.hidden_states[i][0])
    return raw, out.hidden_states[-1][0], out.logits[0, -1]


def answer(job):
    config = AutoConfig.from_pretrained(job["model"])
    if job["attention"] == "bidirectional":
        config.is_causal = False
    model = AutoModelForCausalLM.from_pretrained(
        job["model"], config=config, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    result = {}
    with torch.no_grad():
        for i, ids in enumerate(job["ids"]):
            ids = torch.tensor([ids])
            raw, last, logits = states_of(model, ids)
            result |= {f"{i}.states": raw, f"{i}.norm": model.model.norm(raw), f"{i}.last": last, f"{i}.logits": logits}
            decoded, chosen = [], []
            for _ in range(job["decode"]):
                _, last, logits = states_of(model, ids)
                decoded.append(int(logits.argmax()))
                chosen.append(last[-1])
                ids = torch.cat([ids, torch.tensor([[decoded[-1]]])], dim=1)
            if decoded:
                result |= {f"{i}.decoded": torch.tensor(decoded).float(), f"{i}.decoded_states": torch.stack(chosen)}
    save_file({name: tensor.contiguous() for name, tensor in result.items()}, job["out"])


if __name__ == "__main__":
    for job in json.load(open(sys.argv[1])):
        answer(job)
