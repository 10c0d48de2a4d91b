"""The jobs of training_jobs.py: how one is described, started in processes of its own, listened to, answered and killed.

usage: from training_runs import …, in a script that is called as SCRIPT BERT SCRATCH …
"""

import filecmp
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "worker"))

# Before any process is made: each would load them again.
from fieldtrial_worker.training import __main__ as training  # noqa: E402
from fieldtrial_worker.training import retriever, trainer  # noqa: E402, F401
from training_set import job_of, made_up, write_set  # noqa: E402

SCRATCH = Path(sys.argv[2])
MODELS = SCRATCH / "models"
TEXTS = 20


class Run:
    """A job in a process of its own, as torchrun would start it where there are several."""

    def __init__(self, name, job, prepare=None, world=1):
        self.folder = SCRATCH / name
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "job.json"
        file.write_text(json.dumps(job))
        here, there = os.pipe(), os.pipe()
        self.pids = []
        for rank in range(world):
            pid = os.fork()
            if pid == 0:
                code = 9
                try:
                    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(29000 + os.getppid() % 9000))
                    os.dup2(here[0], 0)
                    os.dup2(there[1], 1)
                    # What processes hold open, the reader never sees end.
                    for end in (*here, *there):
                        os.close(end)
                    sys.stdin, sys.stdout = os.fdopen(0, "r"), os.fdopen(1, "w")
                    os.dup2(os.open(self.folder / "stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
                    if prepare is not None:
                        prepare()
                    code = training.main(str(file))
                finally:
                    os._exit(code)
            self.pids.append(pid)
        os.close(here[0])
        os.close(there[1])
        self._say = os.fdopen(here[1], "w")
        self._hear = os.fdopen(there[0], "r")
        self.events = []

    def until(self, kind=None, step=None, answers=()):
        """Reads events up to one of a kind (and step), or all; answers evaluations in turn, then lets them go on."""
        answers = list(answers)
        for line in self._hear:
            event = json.loads(line)
            self.events.append(event)
            if event["event"] == "dev":
                self._say.write(json.dumps(answers.pop(0) if answers else {"go": True}) + "\n")
                self._say.flush()
            if event["event"] == kind and step in (None, event.get("step")):
                return self
        return self

    def kill(self, number):
        for pid in self.pids:
            os.kill(pid, number)
        return self

    def hang_up(self):
        self._say.close()
        return self

    def end(self):
        for pid in self.pids:
            os.waitpid(pid, 0)
        self._hear.close()
        if not self._say.closed:
            self._say.close()
        return self

    def of(self, kind):
        return [event for event in self.events if event["event"] == kind]

    def error(self):
        return self.of("failed")[0]["error"] if self.of("failed") else {}

    @property
    def losses(self):
        return {event["step"]: event["loss"] for event in self.of("step")}


def whole(name, job, **options):
    return Run(name, job, **options).until().end()


def job(name, model, changes, dev=False):
    folder = model if isinstance(model, Path) else MODELS / model
    data, watched = SCRATCH / f"set-{folder.name}", SCRATCH / f"dev-{folder.name}"
    if not data.exists():
        config = json.loads((folder / "config.json").read_text())
        texts, groups = made_up(3, config.get("vocab_size") or config["text_config"]["vocab_size"], groups=12)
        write_set(data, texts, groups)
        write_set(watched, texts[:TEXTS])
    given = {"dev": {"set": str(watched), "queries": 3, "every": 3}} if dev else {}
    return job_of(folder, data, SCRATCH / name / "out", **{"batch": {"queries": 4}, "steps": 6, "saveEvery": 2, **given, **changes})


def same(a, b):
    return filecmp.cmp(a, b, shallow=False)
