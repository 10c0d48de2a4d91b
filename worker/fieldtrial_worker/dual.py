"""Dual encoders, CLIP and SigLIP: a tower for texts, one for images, vectors of both in one space."""

import numpy as np
import torch


class Dual:
    packed = False
    wants_scores = False
    generates = False
    dual = True
    poolings = ["lasttoken"]

    def __init__(self, model, request: dict, device: torch.device):
        """request: vision (rescale, mean, std)."""
        self.model, self.device = model, device
        settings = request["vision"]
        self.rescale = settings["rescale"]
        self.mean = torch.tensor(settings["mean"], device=device)[:, None, None]
        self.std = torch.tensor(settings["std"], device=device)[:, None, None]
        self.checked = None

    @property
    def dimension(self) -> int:
        config = self.model.config
        # SigLIP's texts are projected to the width of its images.
        return getattr(config, "projection_dim", None) or config.vision_config.hidden_size

    def vectors(self, sequences: list, images: list) -> torch.Tensor:
        """rows x dimension: of a sequence with a picture the picture's, whatever its tokens."""
        out = torch.empty(len(sequences), self.dimension, device=self.device)
        texts = [row for row, image in enumerate(images) if image is None]
        shown = [row for row, image in enumerate(images) if image is not None]
        if texts:
            out[texts] = self._texts([sequences[row] for row in texts]).float()
        if shown:
            out[shown] = self._images([images[row] for row in shown]).float()
        return out

    def _texts(self, sequences):
        from .encode import padded

        ids, mask = padded(sequences, self.device)
        end = getattr(self.model.config.text_config, "eos_token_id", None)
        if mask.all():
            # SigLIP was trained without a mask; its texts come filled up.
            return _pooled(self.model.get_text_features(input_ids=ids))
        # What follows a shorter text must hold no end token before its own, nor a higher id: the first token of all does.
        assert end is None or int(ids[0, 0]) != end
        return _pooled(self.model.get_text_features(input_ids=ids, attention_mask=mask))

    def _images(self, images):
        levels = torch.from_numpy(np.stack([image.pixels for image in images])).to(self.device).permute(0, 3, 1, 2).float()
        values = (levels * self.rescale - self.mean) / self.std
        return _pooled(self.model.get_image_features(pixel_values=values.to(self.model.dtype)))


def _pooled(out):
    # Versions before 5 give the tensor itself.
    return getattr(out, "pooler_output", out)
