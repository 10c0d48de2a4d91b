"""A language model's forward pass, packed or padded, up to the states and scores that a recipe asks for."""

import gc

import torch
from torch import nn

from . import attention
from .errors import WorkerError
from .joined import join
from .last_layer import KNOWN, LastLayer
from .packing import Pack
from .vision import Vision

NORMS = ("norm", "final_layernorm", "final_layer_norm", "ln_f")


class Decoder:
    """Runs a causal language model.

    request: layer (None: the last), finalNorm, direction (model, causal, bidirectional), pooling (list), scores (whether the head's
    scores of the vocabulary are wanted), generates, packed, vision (how images are made of pixels, or None).
    """

    dual = False

    def __init__(self, model, request: dict, device: torch.device, missing: set):
        self.device = device
        self.model, self.core = model, model.get_decoder()
        self.packed = request["packed"]
        self.poolings = request["pooling"]
        self.wants_scores = request["scores"]
        self.vision = Vision(image_tower(model), request["vision"], device) if request.get("vision") else None
        self.generates = request["generates"]
        self._norm_name = next((name for name in NORMS if hasattr(self.core, name)), None)
        if self._norm_name is None or not hasattr(self.core, "layers"):
            raise WorkerError("MODEL_INVALID", f"{type(self.core).__name__} is not built as other decoders are; its states cannot be taken.")
        if self.wants_scores and (model.get_output_embeddings() is None or "lm_head" in missing):
            raise WorkerError("RECIPE_INVALID", "The model has no language-model head, which the recipe needs.", "Use a recipe without a sparse half and decoding.")
        self.head = model.get_output_embeddings() if self.wants_scores else None
        self.cap = getattr(self.core.config, "final_logit_softcapping", None)
        self.depth = len(self.core.layers)
        self.layer = self.depth if request["layer"] is None else request["layer"]
        self.final_norm = self.layer == self.depth if request["finalNorm"] is None else request["finalNorm"]
        self._direct(request["direction"])
        wanted = self._own_states()
        self.norm = getattr(self.core, self._norm_name)
        self._take_apart()
        self.checked = self._compare(wanted)

    @property
    def dimension(self) -> int:
        return self.core.config.hidden_size

    # --- Building -------------------------------------------------------------------------------------------------------------------------

    def _direct(self, direction: str):
        config = self.core.config
        own = getattr(config, "is_causal", True) is not False and not getattr(config, "use_bidirectional_attention", False)
        self.causal = own if direction == "model" else direction == "causal"
        config.is_causal = self.causal
        for module in self.core.modules():
            if hasattr(module, "is_causal"):
                module.is_causal = self.causal

    def _take_apart(self):
        """Leaves of the model what is needed: layers up to the one that is pooled, the final norm apart, the last layer for its last tokens."""
        setattr(self.core, self._norm_name, nn.Identity())
        if not self.wants_scores:
            self.core.layers = nn.ModuleList(list(self.core.layers)[: self.layer])
            self.core.config.num_hidden_layers = self.layer
            self.model = None
        gc.collect()
        if self.packed:
            self.core.config._attn_implementation = attention.NAME
        whole = self.wants_scores or self.layer == len(self.core.layers)
        rows = whole and (set(self.poolings) <= {"lasttoken"} or self.layer < len(self.core.layers))
        self.rows_only = bool(self.packed and rows and not self.generates and len(self.core.layers) and self.core.config.model_type in KNOWN)
        if self.rows_only:
            self.core.layers[-1] = LastLayer(self.core.layers[-1])
        self._caught = None
        if self.wants_scores and self.layer < self.depth:
            self._catch_states()

    def _catch_states(self):
        def from_input(_, args, kwargs):
            self._caught = args[0] if args else kwargs["hidden_states"]

        def from_output(_, args, output):
            self._caught = output[0] if isinstance(output, tuple) else output

        if self.layer == 0:
            self.core.layers[0].register_forward_pre_hook(from_input, with_kwargs=True)
        else:
            self.core.layers[self.layer - 1].register_forward_hook(from_output)

    def compile(self, **options):
        """Fuses what lies between the matrix products, layer by layer, and products of one input."""
        for layer in self.core.layers:
            if not isinstance(layer, LastLayer):
                join(layer)
            layer.compile(**options)
        self.norm.compile(**options)

    # --- Running --------------------------------------------------------------------------------------------------------------------------

    def run(self, pack: Pack, kept=None, cu_k=None, longest_k=None, seen=None):
        """(tokens or sequences x hidden: states of the layer that is pooled; whether they are the last tokens' only; hidden states that
        the head takes, of each sequence's last token, or None)"""
        cu_k = pack.cu if cu_k is None else cu_k
        extra = {}
        ends = pack.cu[1:].long() - 1
        if self.rows_only:
            extra = {"last_tokens": ends, "cu_rows": torch.arange(len(pack.cu), dtype=torch.int32, device=self.device)}
        if kept is not None:
            extra["kept"] = kept
        given = {"input_ids": pack.ids, "position_ids": pack.positions}
        if seen is not None:
            given = self._with_images(pack.ids, pack.starts, pack.lengths, seen, pack.positions)
        hidden = self.core(
            **given,
            use_cache=False,
            cu_seq_lens_q=pack.cu,
            cu_seq_lens_k=cu_k,
            max_length_q=pack.longest,
            max_length_k=pack.longest if longest_k is None else longest_k,
            **extra,
        ).last_hidden_state[0]
        return self._sorted(hidden, ends)

    def run_padded(self, ids: torch.Tensor, mask: torch.Tensor, seen=None):
        """The same of sequences padded behind; states are those of the real tokens, one sequence behind the other."""
        given = {"input_ids": ids}
        if seen is not None:
            starts = range(0, ids.numel(), ids.shape[1])
            given = self._with_images(ids, starts, mask.sum(dim=1).tolist(), seen)
        hidden = self.core(**given, attention_mask=mask, use_cache=False).last_hidden_state
        real = mask.bool()
        if self._caught is not None:
            self._caught = self._caught[real][None]
        return self._sorted(hidden[real], mask.sum(dim=1).cumsum(dim=0) - 1)

    def _with_images(self, ids, starts, lengths, seen, positions=None):
        return self.vision.inputs(self.core.get_input_embeddings(), ids, starts, lengths, seen, len(self.core.layers), positions)

    def _sorted(self, hidden, ends):
        rows = hidden if self.rows_only else None
        last = lambda: rows if rows is not None else hidden[ends]
        states, only_last = hidden, self.rows_only
        if self._caught is not None:
            states, only_last, self._caught = self._caught[0], False, None
        if self.final_norm:
            states = self.norm(states)
        return states, only_last, self.norm(last()) if self.wants_scores else None

    def scores(self, hidden: torch.Tensor) -> torch.Tensor:
        """rows x vocabulary, float32."""
        scores = self.head(hidden).float()
        return scores if self.cap is None else self.cap * torch.tanh(scores / self.cap)

    # --- Checking -------------------------------------------------------------------------------------------------------------------------

    def _samples(self):
        rows = self.core.get_input_embeddings().num_embeddings
        return [[(7919 * (i + 1)) % rows for i in range(length)] for length in (7, 40)]

    def _own_states(self):
        """What the model as transformers built it gives for two texts, each alone: states of the layer after its own final norm, if it is the last."""
        found, tied = [], True
        for ids in self._samples():
            out = self.core(input_ids=torch.tensor([ids], device=self.device), use_cache=False, output_hidden_states=True)
            last = out.last_hidden_state[0]
            tied = tied and torch.equal(last, out.hidden_states[-1][0])
            found.append(last if self.layer == self.depth else out.hidden_states[self.layer][0])
        self._drop_hooks()
        return found, tied

    def _drop_hooks(self):
        """transformers leaves hooks on every layer once hidden states were asked for; the compiler cannot look through them."""
        for module in self.core.modules():
            for key, hook in list(module._forward_hooks.items()):
                if getattr(hook, "__module__", "").startswith("transformers."):
                    del module._forward_hooks[key]

    def _compare(self, wanted):
        """@returns What was found. Packing, direction and norm are right together or not at all."""
        from .packing import pack

        states, tied = wanted
        norm, self.final_norm = self.final_norm, self.layer == self.depth
        samples = self._samples()
        if self.packed:
            got, only_last, _ = self.run(pack(samples, self.device))
        else:
            width = max(map(len, samples))
            ids = torch.tensor([ids + ids[:1] * (width - len(ids)) for ids in samples], device=self.device)
            mask = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids in samples], device=self.device)
            got, only_last, _ = self.run_padded(ids, mask)
        self.final_norm = norm
        own = torch.stack([one[-1] for one in states]) if only_last else torch.cat(states)
        cosine = torch.nn.functional.cosine_similarity(got.float(), own.float(), dim=-1).min().item()
        least = 0.999 if got.dtype == torch.float32 else 0.97
        if not cosine >= least:
            raise WorkerError(
                "ENGINE_FAILED",
                f"{type(self.core).__name__}: states computed here differ from transformers' own (cosine {cosine:.4f}).",
                "Use the versions that `fieldtrial setup torch` installs, or engine: onnx. If the weights are damaged, `fieldtrial doctor` says so.",
            )
        return {"cosine": cosine, "hiddenStatesAfterNorm": tied}


def image_tower(model):
    """The image tower of a vision-language model."""
    inner = getattr(model, "model", model)
    if not hasattr(inner, "visual"):
        raise WorkerError("MODEL_INVALID", f"{type(model).__name__} has no image tower where one was expected.")
    return inner.visual
