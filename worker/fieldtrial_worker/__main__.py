"""The worker's main loop: `python -m fieldtrial_worker`, started by fieldtrial, ended when its standard input closes."""

import gc
import os
import platform
import sys

# Nothing is fetched: the caller has named files on the disk.
os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TOKENIZERS_PARALLELISM="false", TRANSFORMERS_VERBOSITY="error")

from . import PROTOCOL  # noqa: E402
from .errors import WorkerError, described  # noqa: E402
from .probe import versions  # noqa: E402
from .protocol import Channel, int32  # noqa: E402


def main():
    channel = Channel()
    try:
        service = Service(channel)
        channel.send(id=0, ok=True, value=service.hello())
    except BaseException as error:
        channel.send(id=0, ok=False, error=_not_installed(error))
        sys.exit(3)
    for request in channel.requests():
        id = request["id"]
        try:
            channel.send(id=id, ok=True, value=service.answer(request))
        except BaseException as error:
            channel.send(id=id, ok=False, error=described(error))
        finally:
            channel.done(id)


def _not_installed(error) -> dict:
    if isinstance(error, ImportError):
        error = WorkerError("ENGINE_FAILED", f"Python at {sys.executable} lacks what the engine torch needs: {error}", "Run `fieldtrial setup torch`.")
    return described(error)


class Service:
    def __init__(self, channel: Channel):
        import torch
        import transformers

        from . import attention

        transformers.logging.disable_progress_bar()
        attention.register()
        self._channel = channel
        self._torch = torch
        self._runner = self._generate = None
        self._compiled = False

    def hello(self) -> dict:
        return {
            "protocol": PROTOCOL,
            "python": platform.python_version(),
            "versions": versions(),
        }

    def answer(self, request: dict):
        methods = {"load": self._load, "unload": self._unload, "encode": self._encode, "export-gguf": self._export_gguf}
        return methods[request["method"]](request)

    def _export_gguf(self, request):
        from .loading import export_gguf

        export_gguf(request["file"], request["out"])

    def _unload(self, _=None):
        self._runner = self._generate = None
        gc.collect()
        if self._compiled:
            # Compiled code belongs to the model that is gone.
            self._torch.compiler.reset()
            self._compiled = False
        if self._torch.cuda.is_available():
            self._torch.cuda.empty_cache()

    def _load(self, request) -> dict:
        from .decoder import Decoder
        from .devices import require_there
        from .dual import Dual
        from .encode import Runner
        from .encoder import Encoder
        from .graphs import Graphs
        from .loading import load

        torch = self._torch
        self._unload()
        if request.get("threads"):
            torch.set_num_threads(request["threads"])
        device = torch.device(request["device"])
        require_there(device)
        if request["dtype"] == "float8":
            from .float8 import convert, require_hardware

            require_hardware(device)
        if device.type == "cuda":
            # Streams and recorded graphs go to the current one.
            torch.cuda.set_device(device)
        fast = device.type == "cuda" and request["packed"] and request["dtype"] != "float32" and request["decoder"]
        with torch.inference_mode():
            model, missing = load(request, device)
            if request["decoder"]:
                run = Decoder(model, request, device, missing)
            else:
                run = (Dual if request.get("vision") else Encoder)(model, request, device)
        del model
        if request["dtype"] == "float8":
            with torch.inference_mode():
                convert(run.core.layers)
        fixed = fast and not request["generates"] and request.get("compile", True)
        if fixed:
            run.compile()
            self._compiled = True
        graphs = Graphs(run) if fixed else None
        self._runner = Runner(run, request["budget"], fixed, graphs)
        if request["generates"]:
            stops = torch.zeros(run.head.weight.shape[0], dtype=torch.bool)
            given = int32(request["stops"])
            stops[torch.from_numpy(given[given < len(stops)].astype("int64"))] = True
            self._generate = (request["generates"], stops.to(device))
        return {"dimension": run.dimension * len(request["pooling"]), "checked": run.checked}

    def _encode(self, request) -> dict:
        from .encode import Request
        from .vision import images_of

        if self._runner is None:
            raise WorkerError("INTERNAL", "No model was loaded.")
        scores, images = request.get("scores"), request.get("images")
        asked = Request(
            int32(request["ids"]),
            int32(request["lengths"]),
            int32(request["from"]),
            None if scores is None else (int32(scores["words"]), int32(scores["counts"]), scores["vocabulary"], scores["fallback"]),
            None if images is None else images_of(images["file"], int32(images["table"])),
        )
        id, channel, halved = request["id"], self._channel, self._runner.halved
        answer = self._runner.encode(
            asked, self._generate, progress=lambda done: channel.send(id=id, done=done), cancelled=lambda: channel.cancelled(id)
        )
        with open(request["out"], "wb") as out:
            out.write(answer.vectors.astype("<f4", copy=False).tobytes())
            if scores is not None:
                for part in answer.scores:
                    out.write(part)
        return {"width": answer.vectors.shape[1], "budget": self._runner.budget, "halved": self._runner.halved - halved}


if __name__ == "__main__":
    main()
