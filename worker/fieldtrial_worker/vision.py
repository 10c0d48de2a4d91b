"""Images of vision-language decoders (Qwen2-VL, Qwen2.5-VL, Qwen3-VL): patches, the image tower, places and positions among the text."""

from dataclasses import dataclass

import numpy as np
import torch


@dataclass
class Image:
    """A picture in a sequence."""

    pixels: np.ndarray
    """height x width x 3, 8 bits."""
    offset: int
    """Place of its first token in the sequence."""
    key: object = None
    """Equal for equal pictures; None where nobody compares them."""


@dataclass
class Seen:
    """What the image tower makes of the pictures of some sequences."""

    images: list
    """Per sequence its picture, or None."""
    states: torch.Tensor
    """tokens x hidden, picture behind picture."""
    deep: list
    """The same for the first layers of the language model, to which they are added (DeepStack, Qwen3-VL); empty for other models."""


class Vision:
    def __init__(self, tower, settings: dict, device: torch.device):
        """settings: patch, merge, temporal, rescale, mean, std."""
        self.tower, self.device = tower, device
        self.patch, self.merge, self.temporal = settings["patch"], settings["merge"], settings["temporal"]
        self.rescale = settings["rescale"]
        self.mean = torch.tensor(settings["mean"], device=device)[:, None, None]
        self.std = torch.tensor(settings["std"], device=device)[:, None, None]

    def grid(self, image: Image):
        """(rows, columns) of the picture's tokens."""
        height, width = image.pixels.shape[:2]
        return height // (self.patch * self.merge), width // (self.patch * self.merge)

    def look(self, images: list) -> Seen:
        there = [image for image in images if image is not None]
        patches = torch.cat([self._patches(image) for image in there]).to(self.tower.dtype)
        sizes = [[1, rows * self.merge, columns * self.merge] for rows, columns in map(self.grid, there)]
        out = self.tower(patches, grid_thw=torch.tensor(sizes, device=self.device))
        # For each `merge` x `merge` patches one state, as the language model takes them.
        return Seen(images, out.pooler_output, list(getattr(out, "deepstack_features", None) or []))

    def _patches(self, image: Image) -> torch.Tensor:
        """patches x numbers: those of one token behind one another, each channel by channel, frame by frame, row by row."""
        levels = torch.from_numpy(image.pixels).to(self.device).permute(2, 0, 1).float()
        values = (levels * self.rescale - self.mean) / self.std
        rows, columns = self.grid(image)
        cut = values.reshape(3, rows, self.merge, self.patch, columns, self.merge, self.patch)
        cut = cut.permute(1, 4, 2, 5, 0, 3, 6)
        still = cut.unsqueeze(5).expand(*cut.shape[:5], self.temporal, *cut.shape[5:])
        return still.reshape(rows * columns * self.merge**2, -1)

    def positions(self, length: int, image):
        """(3 x length: places in time, height and width; the place of what would follow). Text counts on all three; a picture's tokens
        share one time, and text goes on behind its longer side."""
        if image is None:
            return np.broadcast_to(np.arange(length), (3, length)), length
        start = image.offset
        rows, columns = self.grid(image)
        end = start + rows * columns
        out = np.empty((3, length), dtype=np.int64)
        out[:, :start] = np.arange(start)
        out[0, start:end] = start
        out[1, start:end] = start + np.repeat(np.arange(rows), columns)
        out[2, start:end] = start + np.tile(np.arange(columns), rows)
        after = start + max(rows, columns)
        out[:, end:] = after + np.arange(length - end)
        return out, after + length - end

    def inputs(self, embeddings, ids: torch.Tensor, starts, lengths, seen: Seen, layers: int, positions=None) -> dict:
        """What the language model is given in place of token ids.

        @param ids rows x tokens, sequences anywhere in them.
        @param starts Places of the sequences, counted through all rows.
        @param layers Of the language model; what is added behind the last of them is no part of its states.
        @param positions rows x tokens, of padding, too; None: counted within each row.
        """
        if positions is None:
            positions = torch.arange(ids.shape[1]).expand(ids.shape)
        positions = positions.cpu().flatten().repeat(3, 1)
        where = []
        for start, length, image in zip(starts, lengths, seen.images):
            own, _ = self.positions(length, image)
            positions[:, start : start + length] = torch.from_numpy(np.ascontiguousarray(own))
            if image is not None:
                rows, columns = self.grid(image)
                where.append(np.arange(start + image.offset, start + image.offset + rows * columns))
        places = torch.from_numpy(np.concatenate(where)).to(self.device)
        states = embeddings(ids)
        states = states.flatten(0, 1).index_copy(0, places, seen.states.to(states.dtype)).reshape(states.shape)
        given = {"inputs_embeds": states, "position_ids": positions.reshape(3, *ids.shape).to(self.device)}
        deep = seen.deep[: max(0, layers - 1)]
        if deep:
            mask = torch.zeros(ids.numel(), dtype=torch.bool, device=self.device)
            mask[places] = True
            given |= {"visual_pos_masks": mask.reshape(ids.shape), "deepstack_visual_embeds": deep}
        return given


def images_of(file: str, table: np.ndarray) -> dict:
    """Pictures by the place of their sequence. table: of each its sequence, offset, height and width."""
    levels = np.fromfile(file, dtype=np.uint8)
    found, at = {}, 0
    for sequence, offset, height, width in table.reshape(-1, 4).tolist():
        size = height * width * 3
        found[sequence] = Image(levels[at : at + size].reshape(height, width, 3), offset)
        at += size
    return found
