"""What a frozen image tower has made of pictures, kept so that it looks at each once."""

import torch

from ..vision import Seen


class Looks:
    """States of pictures in this machine's memory, as many as there is room for, the first ones for good: with as many as fit in another order
    each epoch, none is asked for sooner than another.

    Each picture is looked at alone. So its states do not depend on which others are kept, and a job that goes on has those of the first start.
    """

    def __init__(self, vision, room: int):
        """@param vision The worker's Vision. @param room Bytes."""
        self._vision, self._room, self._kept = vision, room, {}

    def look(self, images: list) -> Seen:
        """As `Vision.look`, without gradients."""
        device = self._vision.device
        parts = [[level.to(device, non_blocking=True) for level in self._levels(image)] for image in images if image is not None]
        states, *deep = (torch.cat(level) for level in zip(*parts))
        return Seen(images, states, deep)

    @torch.no_grad()
    def _levels(self, image) -> list:
        """The picture's states, then those that the first layers add."""
        if image.key in self._kept:
            return self._kept[image.key]
        seen = self._vision.look([image])
        levels = [seen.states, *seen.deep]
        size = sum(level.numel() * level.element_size() for level in levels)
        if image.key is not None and size <= self._room:
            self._kept[image.key] = [level.cpu() for level in levels]
            self._room -= size
        return levels
