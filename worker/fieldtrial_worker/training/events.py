"""What the job tells its caller, one JSON object a line, and what the caller says."""

import json
import os
import queue
import signal
import sys
import threading


class Events:
    """Only the first process speaks and listens; whatever libraries print goes to standard error."""

    def __init__(self, speaks: bool):
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._speaks = speaks
        # Signal handlers put into it, perhaps while this thread takes out of it: only this kind bears that.
        self._lines: queue.SimpleQueue = queue.SimpleQueue()
        self.stopped = False
        """Whether the job is to end: SIGTERM, Ctrl-C, or the caller is gone."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def listen(self):
        if self._speaks:
            threading.Thread(target=self._read, daemon=True).start()

    def _stop(self, *_):
        self.stopped = True
        self._lines.put(None)

    def _read(self):
        for line in sys.stdin.buffer:
            if line.strip():
                self._lines.put(json.loads(line))
        self._stop()

    def tell(self, event: str, **fields):
        # One that fails alone would otherwise end without a word.
        if not self._speaks and event != "failed":
            return
        try:
            self._out.write(json.dumps({"event": event, **fields}) + "\n")
            self._out.flush()
        except (BrokenPipeError, ValueError):
            self._speaks = False
            self._stop()

    def answer(self) -> dict:
        """The caller's next line; {"go": false, "reason": "cancelled"} where there will be none."""
        line = self._lines.get()
        return {"go": False, "reason": "cancelled"} if line is None else line
