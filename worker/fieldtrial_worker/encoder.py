"""Models that read in both directions, BERT and its kin: padded batches, the model's own output."""

import torch


class Encoder:
    packed = False
    wants_scores = False
    generates = False
    dual = False

    def __init__(self, model, request: dict, device: torch.device):
        self.model, self.device, self.poolings = model, device, request["pooling"]
        self.checked = None

    @property
    def dimension(self) -> int:
        return self.model.config.hidden_size

    def run_padded(self, ids: torch.Tensor, mask: torch.Tensor, _=None):
        hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        return hidden[mask.bool()], False, None
