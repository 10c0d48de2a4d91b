"""Folders that are there whole or not at all."""

import errno
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from ..errors import WorkerError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
SPARE = 2**20
"""Bytes that files take beside their tensors."""


def write_folder(folder: Path, fill, needed: int, kept: str):
    """Fills a folder under another name, makes sure that it is on the disk, and gives it its name.

    @param fill Called with the folder to fill. @param needed Bytes. @param kept What is left where the disk is full, for the message.
    @throws WorkerError DISK_FULL, NOT_WRITABLE; what was there before is untouched then.
    """
    temporary = folder.parent / f".{folder.name}.tmp"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        free = shutil.disk_usage(folder.parent).free
        if free < needed + SPARE:
            raise WorkerError("DISK_FULL", f"{folder} needs {needed / 2**20:.0f} MiB; {free / 2**20:.0f} are free. {kept}", "Make room, then run the same command again.")
        temporary.mkdir()
        fill(temporary)
        for path in [*temporary.rglob("*"), temporary]:
            _flush(path)
        if folder.exists():
            old = folder.parent / f".{folder.name}.old"
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
            temporary.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            temporary.rename(folder)
        _flush(folder.parent)
    except Exception as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise _told(error, folder, kept) from error


def _flush(path: Path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _told(error: Exception, folder: Path, kept: str) -> Exception:
    number = getattr(error, "errno", None)
    if number is None and type(error).__name__ == "SafetensorError":
        # The library gives the system's number in words only.
        number = next((one for one in (*FULL, errno.EACCES, errno.EROFS) if f"os error {one})" in str(error)), None)
    if number in FULL:
        return WorkerError("DISK_FULL", f"The disk is full: {folder} was not written. {kept}", "Make room, then run the same command again.")
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return WorkerError("NOT_WRITABLE", f"{folder} may not be written. {kept}", "Choose another folder, or change its rights.")
    return error


def save_tensors(tensors: dict, file: Path):
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file, metadata={"format": "pt"})


def bytes_of(tensors: dict) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values() if isinstance(tensor, torch.Tensor))
