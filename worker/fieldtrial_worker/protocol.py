"""One JSON object a line: requests on standard input, replies on standard output. Numbers in bulk go as base64 or through files."""

import base64
import json
import os
import queue
import sys
import threading

import numpy as np


class Channel:
    """The two pipes to the caller. Whatever a library prints goes to standard error, so that it cannot break a line."""

    def __init__(self):
        # The real standard output under another number; number 1 leads to standard error from now on.
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._lock = threading.Lock()
        self._requests: queue.Queue = queue.Queue()
        self._cancelled: set = set()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in sys.stdin.buffer:
            request = json.loads(line)
            if request["method"] == "cancel":
                self._cancelled.add(request["id"])
            else:
                self._requests.put(request)
        # The caller has closed the pipe, or is gone: nobody waits for what may be under way.
        os._exit(0)

    def requests(self):
        while True:
            yield self._requests.get()

    def cancelled(self, id) -> bool:
        return id in self._cancelled

    def done(self, id):
        self._cancelled.discard(id)

    def send(self, **message):
        with self._lock:
            try:
                self._out.write(json.dumps(message) + "\n")
                self._out.flush()
            except (BrokenPipeError, ValueError):
                os._exit(0)


def int32(text: str) -> np.ndarray:
    """Little-endian int32 in base64."""
    return np.frombuffer(base64.b64decode(text), dtype="<i4")
