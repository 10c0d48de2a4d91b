"""The processes of a job: one per device, started by torchrun; a single one needs none of it."""

import os
from datetime import timedelta

import torch
import torch.distributed as dist

from ..devices import require_there

# While one process waits for an evaluation, the others wait for it.
PATIENCE = timedelta(hours=12)


class Processes:
    """Who of how many this one is, and what they tell each other."""

    def __init__(self, devices):
        """@param devices Names, one per process. @throws WorkerError ENGINE_FAILED for one that is not there."""
        self.rank, self.world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        local = int(os.environ.get("LOCAL_RANK", 0))
        self.device = torch.device(devices[local % len(devices)])
        self.control = None
        require_there(self.device)
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
        if self.world > 1:
            backend = "cpu:gloo,cuda:nccl" if self.device.type == "cuda" else "gloo"
            dist.init_process_group(backend, timeout=PATIENCE)
            self.control = dist.new_group(backend="gloo", timeout=PATIENCE)

    @property
    def first(self) -> bool:
        return self.rank == 0

    def any(self, flag: bool) -> bool:
        """Whether it holds for one of them."""
        return self.largest(int(flag)) > 0

    def largest(self, number: int) -> int:
        if self.world == 1:
            return number
        value = torch.tensor([number])
        dist.all_reduce(value, dist.ReduceOp.MAX, group=self.control)
        return int(value)

    def sums(self, values) -> list:
        if self.world == 1:
            return list(values)
        numbers = torch.tensor(list(values), dtype=torch.float64)
        dist.all_reduce(numbers, group=self.control)
        return numbers.tolist()

    def told(self, value):
        """What the first one has."""
        if self.world == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0, group=self.control)
        return box[0]

    def gather(self, rows: torch.Tensor, counts) -> torch.Tensor:
        """Rows of all processes, one process behind the other, without gradients. @param counts Rows of each."""
        if self.world == 1:
            return rows.detach()
        width = rows.shape[1]
        # Collectives take equal shapes.
        mine = rows.new_zeros((max(counts), width))
        mine[: len(rows)] = rows.detach()
        found = [torch.empty_like(mine) for _ in counts]
        dist.all_gather(found, mine)
        return torch.cat([part[:count] for part, count in zip(found, counts)])

    def add_up(self, tensor: torch.Tensor):
        """Sums a tensor over all processes, in place."""
        if self.world > 1:
            dist.all_reduce(tensor)

    def add_up_gradients(self, parameters, limit: int = 2**26):
        """Sums the gradients of all processes, many tensors at a time.

        Once per update, behind the last backward pass: an update has many of them (GradCache), of which any may run out of memory, and hooks
        within them would then leave the other processes waiting.

        @param limit Numbers in a buffer.
        """
        if self.world == 1:
            return
        waiting, size = [], 0
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            if waiting and (size + parameter.numel() > limit or parameter.grad.dtype != waiting[0].dtype):
                self._reduce(waiting)
                waiting, size = [], 0
            waiting.append(parameter.grad)
            size += parameter.numel()
        if waiting:
            self._reduce(waiting)

    @staticmethod
    def _reduce(gradients):
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        for gradient, part in zip(gradients, flat.split([gradient.numel() for gradient in gradients])):
            gradient.copy_(part.view_as(gradient))

    def end(self):
        if self.world > 1:
            dist.destroy_process_group()
