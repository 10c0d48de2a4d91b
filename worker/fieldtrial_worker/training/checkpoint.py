"""Everything from which a job goes on as if it had never stopped. Random numbers need no place in it: they come from the seed and the step."""

import json
import shutil
from pathlib import Path

import torch
from safetensors import safe_open

from ..errors import WorkerError
from .folders import bytes_of, save_tensors, write_folder
from .weights import put, read_into, whole

WEIGHTS, ADAPTER, STATE, MOMENTS = "weights.safetensors", "adapter_model.safetensors", "state.json", "optimizer.safetensors"


class Checkpoints:
    """Folders step-N below `out/checkpoints`: tensors that are trained (an adapter in PEFT's layout, or weights.safetensors), optimizer.safetensors,
    state.json. The newest `keep` stay."""

    def __init__(self, job: dict, weights, optimizer, processes):
        self._root, self._keep = Path(job["out"]) / "checkpoints", max(1, job.get("keep", 2))
        self._job, self._weights, self._optimizer, self._processes = job, weights, optimizer, processes

    def save(self, step: int, extra: dict) -> Path:
        """All processes must call it. @param extra What else is to be found again."""
        folder = self._root / f"step-{step}"
        trained = {name: whole(parameter) for name, parameter in self._weights.trained().items()}
        moments = self._moments()
        error = None
        if self._processes.first:
            try:
                state = {"version": 1, "step": step, "fingerprint": self._job.get("fingerprint"), "identity": self._job.get("identity"), **extra}

                def fill(place: Path):
                    save_tensors(trained, place / self._name)
                    save_tensors(moments, place / MOMENTS)
                    (place / STATE).write_text(json.dumps(state))
                    if self._weights.adapter is not None:
                        self._weights.adapter.save_pretrained(str(place))

                write_folder(folder, fill, bytes_of(trained) + bytes_of(moments), self._kept())
                self._clear()
            except WorkerError as caught:
                error = (caught.code, caught.message, caught.hint)
        error = self._processes.told(error)
        if error is not None:
            raise WorkerError(*error)
        return folder

    @property
    def _name(self) -> str:
        return WEIGHTS if self._weights.adapter is None else ADAPTER

    def _there(self) -> list:
        return sorted((path for path in self._root.glob("step-*") if (path / STATE).exists()), key=lambda path: int(path.name.split("-")[1]))

    def _kept(self) -> str:
        there = self._there()
        return f"The last good checkpoint, {there[-1].name}, is intact." if there else "There is no checkpoint yet."

    def _clear(self):
        for path in self._there()[: -self._keep]:
            shutil.rmtree(path, ignore_errors=True)

    def _moments(self) -> dict:
        found = {}
        for name, parameter in self._weights.trained().items():
            for key, value in self._optimizer.state.get(parameter, {}).items():
                found[f"{key}:{name}"] = whole(value if isinstance(value, torch.Tensor) else torch.tensor(float(value)))
        return found

    def load(self, folder: str) -> dict:
        """Puts a checkpoint's tensors where they belong. @returns Its state.

        @throws WorkerError FINGERPRINT_MISMATCH naming the field where it is another job's; MODEL_INVALID where it is damaged.
        """
        path = Path(folder)
        try:
            state = json.loads((path / STATE).read_text())
        except (OSError, ValueError) as error:
            raise WorkerError("MODEL_INVALID", f"The checkpoint {path} cannot be read: {error}", "Take an earlier checkpoint, or start anew.") from error
        if state.get("fingerprint") != self._job.get("fingerprint"):
            where, there, here = difference(state.get("identity"), self._job.get("identity")) or ("fingerprint", state.get("fingerprint"), self._job.get("fingerprint"))
            raise WorkerError(
                "FINGERPRINT_MISMATCH",
                f"The checkpoint {path} is of another job: {where} is {json.dumps(there)} there and {json.dumps(here)} here.",
                "Go on with the settings of that job, or write this one into another folder.",
            )
        trained = self._weights.trained()
        read_into(trained, path / self._name, f"The checkpoint {path}")
        with _opened(path / MOMENTS) as opened:
            for entry in opened.keys():
                key, _, name = entry.partition(":")
                value, parameter = opened.get_tensor(entry), trained[name]
                if value.shape == parameter.shape:
                    kept = torch.zeros_like(parameter)
                    put(kept, value)
                else:
                    # The count of updates, which a fused optimiser keeps on the device.
                    kept = value.to(parameter.device) if self._optimizer.defaults.get("fused") else value
                self._optimizer.state[parameter][key] = kept
        return state


def _opened(file: Path):
    try:
        return safe_open(file, "pt")
    except Exception as error:
        raise WorkerError("MODEL_INVALID", f"The optimiser's state in {file} cannot be read: {error}", "Take an earlier checkpoint, or start anew.") from error


def difference(there, here, path: str = ""):
    """The first place where two values of JSON differ: (path, there, here), or None."""
    if isinstance(there, dict) and isinstance(here, dict):
        for key in sorted(there.keys() | here.keys()):
            found = difference(there.get(key), here.get(key), f"{path}.{key}" if path else key)
            if found:
                return found
        return None
    if isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for i, (a, b) in enumerate(zip(there, here)):
            found = difference(a, b, f"{path}[{i}]")
            if found:
                return found
        return None
    return None if there == here else (path, there, here)
