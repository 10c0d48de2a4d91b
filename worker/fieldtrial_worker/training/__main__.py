"""`python -m fieldtrial_worker.training job.json`: one process, or one of those that torchrun starts."""

import json
import os
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TOKENIZERS_PARALLELISM="false", TRANSFORMERS_VERBOSITY="error")

from ..errors import WorkerError, described  # noqa: E402
from .events import Events  # noqa: E402


def main(file: str) -> int:
    events = Events(speaks=int(os.environ.get("RANK", 0)) == 0)
    processes = None
    try:
        try:
            import torch
            import transformers

            from .. import attention
            from .processes import Processes
            from .trainer import Trainer
        except ImportError as error:
            raise WorkerError("ENGINE_FAILED", f"Python at {sys.executable} lacks what training needs: {error}", "Run `fieldtrial setup torch`.") from error
        job = json.loads(Path(file).read_text())
        if job.get("version") != 1:
            raise WorkerError("INTERNAL", f"{file} is of version {job.get('version')}; this worker reads 1.")
        transformers.logging.disable_progress_bar()
        attention.register()
        if job.get("threads"):
            torch.set_num_threads(job["threads"])
        events.listen()
        processes = Processes(job["devices"])
        Trainer(job, processes, events).run()
        processes.end()
        return 0
    except BaseException as error:
        # Of several processes the one that fails speaks, whichever it is.
        events.tell("failed", error=described(error))
        if not isinstance(error, WorkerError):
            import traceback

            traceback.print_exc()
        return 1


if __name__ == "__main__":
    code = main(sys.argv[1])
    sys.stderr.flush()
    # No waiting for a thread that reads, or for processes that are gone.
    os._exit(code)
