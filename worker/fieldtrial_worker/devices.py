"""Which devices there are, and whether one has room."""

import torch

from .errors import WorkerError

GIB = 2**30
# What CUDA's libraries, buffers and a pack of tokens take beside the weights.
RESERVE = 1 * GIB


def devices() -> list:
    """Devices that can be used here, the best first: {"name", "kind", "label", "free", "total"} (bytes, null where unknown)."""
    found = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(index)
            name = torch.cuda.get_device_name(index)
            found.append({"name": f"cuda:{index}", "kind": "cuda", "label": name, "free": free, "total": total})
    if torch.backends.mps.is_available():
        found.append({"name": "mps", "kind": "mps", "label": "Apple GPU", "free": None, "total": None})
    found.append({"name": "cpu", "kind": "cpu", "label": "processor", "free": None, "total": None})
    return found


def require_there(device: torch.device):
    """PyTorch itself tells of a device that is not there in words of its insides."""
    if device.type == "cuda" and not torch.cuda.is_available():
        what = f"PyTorch {torch.__version__} sees no CUDA device on this machine"
    elif device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        what = f"There is no {device}: PyTorch sees {torch.cuda.device_count()} CUDA devices on this machine"
    elif device.type == "mps" and not torch.backends.mps.is_available():
        what = f"PyTorch {torch.__version__} sees no Apple GPU on this machine"
    else:
        return
    raise WorkerError("ENGINE_FAILED", f"{what}.", "Use device: auto or cpu, or install the driver and a PyTorch for the GPU; `fieldtrial doctor` tells what it sees.")


def require_room(device: torch.device, weight_bytes: int):
    """Refuses before anything is loaded: a device that is full fails in the middle of something else's work."""
    if device.type != "cuda":
        return
    free, total = torch.cuda.mem_get_info(device)
    if weight_bytes + RESERVE <= free:
        return
    taken = "" if free > 0.9 * total else f" ({(total - free) / GIB:.1f} GiB are taken already, perhaps by another worker)"
    raise WorkerError(
        "ENGINE_FAILED",
        f"The model needs about {(weight_bytes + RESERVE) / GIB:.1f} GiB on {device}; {free / GIB:.1f} of {total / GIB:.1f} GiB are free{taken}. It was not loaded.",
        "Wait for the other process, choose another device (device: cuda:1), use dtype bfloat16, or a smaller model.",
    )


def is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, torch.OutOfMemoryError):
        return True
    # The processor's allocator has no error of its own.
    return isinstance(error, (RuntimeError, MemoryError)) and any(
        sign in str(error) for sign in ("can't allocate memory", "not enough memory", "out of memory")
    )


def release(device: torch.device):
    """Gives cached blocks back, so that smaller ones find room."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
