"""What PEFT and transformers make of adapters and GGUF files, for tests of the engine torch.

usage: torch_models.py REQUEST.json

The request is a list of
  {"make": "adapter", "base": folder, "base_name": text, "out": folder, "core": bool}  a random LoRA adapter, saved by PEFT; "core": on the
                                                                               model without its head, whose layers have shorter names
  {"states": "adapter", "base": folder, "adapter": folder, "core": bool, "ids": [[...]], "out": file}
  {"states": "plain", "base": folder, "dtype": name, "ids": [[...]], "out": file}
  {"states": "gguf", "file": path, "ids": [[...]], "out": file}
  {"tokens": "gguf", "file": path, "texts": [...], "out": file}
`states` writes the last token's state of each sequence, after the final norm, as a JSON list of lists; adapters are not merged for it.
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
torch.set_num_threads(1)


def make_adapter(request):
    torch.manual_seed(7)
    kind = AutoModel if request["core"] else AutoModelForCausalLM
    base = kind.from_pretrained(request["base"], dtype=torch.float32)
    base.config._name_or_path = base.name_or_path = request["base_name"]
    config = LoraConfig(r=4, lora_alpha=16, target_modules=["q_proj", "v_proj", "down_proj"], init_lora_weights=False)
    model = get_peft_model(base, config)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.copy_(torch.randn_like(parameter) * 0.3)
    model.peft_config["default"].base_model_name_or_path = request["base_name"]
    model.save_pretrained(request["out"], safe_serialization=True)


def last_states(model, sequences):
    core = model.get_decoder() if hasattr(model, "get_decoder") else model
    return [core(input_ids=torch.tensor([ids]), use_cache=False).last_hidden_state[0, -1].float().tolist() for ids in sequences]


def adapter_states(request):
    base = AutoModelForCausalLM.from_pretrained(request["base"], dtype=torch.float32, attn_implementation="eager")
    # Trained on the model without its head, an adapter belongs on that part.
    target = base.model if request["core"] else base
    return last_states(PeftModel.from_pretrained(target, request["adapter"]).base_model.model, request["ids"])


def plain_states(request):
    model = AutoModelForCausalLM.from_pretrained(request["base"], dtype=getattr(torch, request["dtype"]))
    return last_states(model, request["ids"])


def gguf_states(request):
    file = Path(request["file"])
    model = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32, attn_implementation="eager")
    return last_states(model, request["ids"])


def gguf_tokens(request):
    file = Path(request["file"])
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    return [tokenizer.encode(text) for text in request["texts"]]


for request in json.loads(Path(sys.argv[1]).read_text()):
    if "make" in request:
        make_adapter(request)
        continue
    if "tokens" in request:
        answer = gguf_tokens(request)
    else:
        answer = {"adapter": adapter_states, "plain": plain_states, "gguf": gguf_states}[request["states"]](request)
    Path(request["out"]).write_text(json.dumps(answer))
