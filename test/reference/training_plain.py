"""Loss and gradients of contrastive training as one would write them down: plain transformers and PEFT, one text at a time, full vocabularies,
loops in place of masks. Nothing of the worker is used; it is what the worker is compared with."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForImageTextToText

STEPS = {"cls": 0, "lasttoken": -1}


def load(folder, decoder, adapter=None, targets=(), tensors=None):
    """A model in float32; with an adapter whose matrices are the given ones."""
    sees = hasattr(AutoConfig.from_pretrained(folder), "vision_config")
    model = (AutoModelForImageTextToText if sees else AutoModelForCausalLM if decoder else AutoModel).from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    for parameter in model.parameters():
        parameter.requires_grad_(adapter is None)
    if adapter is not None:
        config = LoraConfig(r=adapter["r"], lora_alpha=adapter["alpha"], lora_dropout=0.0, target_modules=list(targets), use_dora=adapter["kind"] == "dora")
        model = get_peft_model(model, config)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                # A pooler, which PEFT adapts and no vector needs, stays as it is.
                if parameter.requires_grad and short(name) in tensors:
                    parameter.copy_(tensors[short(name)])
    return model.eval()


def short(name):
    """Names in an adapter's file."""
    name = name.replace(".default", "")
    return name.removesuffix(".weight") if "magnitude" in name else name


def representation(model, decoder, ids, start, recipe, picture=None):
    """(dense vector, scores of the vocabulary or None). picture: what transformers' own image processor makes of it."""
    given = {"input_ids": torch.tensor([ids])}
    if recipe["direction"] == "bidirectional":
        given["attention_mask"] = torch.zeros(1, 1, len(ids), len(ids))
    base = model.base_model.model if hasattr(model, "peft_config") else model
    if picture is not None:
        given |= {**picture, "mm_token_type_ids": (given["input_ids"] == base.config.image_token_id).int(), "attention_mask": torch.ones_like(given["input_ids"])}
    if hasattr(base.config, "vision_config"):
        base.model.rope_deltas = None
    core = base.model if decoder else base
    states = core(**given).last_hidden_state[0]
    kind = recipe["pooling"][0]
    dense = states[start:].mean(dim=0) if kind == "mean" else states[STEPS[kind]]
    if recipe["normalize"]:
        dense = dense / dense.norm()
    return dense, base.lm_head(states[-1]) if recipe.get("sparse") else None


def loss_of(model, decoder, texts, groups, recipe, loss):
    """Mean over the groups. texts: {"ids", "from", "words"}; groups: {"query", "positives", "negatives", "scores"}; the first positive counts."""
    seen = {}

    def of(i):
        if i not in seen:
            dense, scores = representation(model, decoder, texts[i]["ids"], texts[i]["from"], recipe, texts[i].get("processed"))
            sparse = None
            if scores is not None:
                sparse = torch.zeros_like(scores)
                for word in set(texts[i]["words"]):
                    sparse[word] = torch.log(1 + torch.clamp(scores[word], min=0))
            seen[i] = dense, sparse
        return seen[i]

    total = 0.0
    for number, group in enumerate(groups):
        own = [group["positives"][0], *group["negatives"]]
        others = [text for other in groups if other is not group for text in (other["positives"][0], *other["negatives"])]
        # Documents of another device, where these do not count.
        if not loss.get("crossDevice", True):
            half = len(groups) // loss["devices"]
            others = [text for at, other in enumerate(groups) if other is not group and at // half == number // half for text in (other["positives"][0], *other["negatives"])]
        candidates = [*own, *(others if loss["inBatch"] else [])]
        if loss["maskDuplicates"]:
            known = {text for other in groups if other["query"] == group["query"] for text in other["positives"]}
            candidates = [own[0], *dict.fromkeys(text for text in candidates if text not in known)]
        query_dense, query_sparse = of(group["query"])
        cuts = loss.get("matryoshka") or {"dimensions": [len(query_dense)], "weights": [1.0]}
        mine = 0.0
        for dimension, weight in zip(cuts["dimensions"], cuts["weights"]):

            def product(text):
                a, b = query_dense[:dimension], of(text)[0][:dimension]
                return (a @ b) / (a.norm() * b.norm()) if recipe["normalize"] else a @ b

            products = torch.stack([product(text) for text in candidates])
            scores = products / loss["temperature"]
            one = torch.logsumexp(scores, dim=0) - scores[0]
            if loss.get("distill"):
                kind = loss["distill"]
                teacher = torch.tensor([group["scores"][0], *group["scores"][len(group["positives"]) :]])
                found = torch.stack([product(text) for text in own])
                if kind.get("kind", "kl") == "kl":
                    p, q = torch.softmax(teacher / kind["temperature"], dim=0), torch.softmax(found / loss["temperature"], dim=0)
                    learned = (p * (p.log() - q.log())).sum()
                else:
                    learned = (((found[0] - found[1:]) - (teacher[0] - teacher[1:])) ** 2).mean()
                one = kind.get("contrastive", 1.0) * one + kind["weight"] * learned
            mine = mine + weight * one
        if loss.get("sparse"):
            scores = torch.stack([query_sparse @ of(text)[1] for text in candidates])
            mine = loss["sparse"]["dense"] * mine + loss["sparse"]["weight"] * (torch.logsumexp(scores, dim=0) - scores[0])
        total = total + mine
    return total / len(groups)


def gradients(model, *given):
    """(loss, {name: gradient})"""
    model.zero_grad()
    loss = loss_of(model, *given)
    loss.backward()
    name_of = short if hasattr(model, "peft_config") else lambda name: name
    return loss.item(), {name_of(name): parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}
