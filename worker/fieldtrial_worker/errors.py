"""Errors that the caller can tell a person."""


class WorkerError(Exception):
    """What went wrong, under one of fieldtrial's codes, and what to do about it."""

    def __init__(self, code: str, message: str, hint: str | None = None):
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class Cancelled(WorkerError):
    def __init__(self):
        super().__init__("CANCELLED", "Stopped.", "Run the same command again: finished work is kept.")


def described(error: BaseException) -> dict:
    """An error as it goes over the wire."""
    if isinstance(error, WorkerError):
        return {"code": error.code, "message": error.message, "hint": error.hint}
    text = f"{type(error).__name__}: {error}".strip()
    return {"code": "ENGINE_FAILED", "message": f"PyTorch worker: {text}", "hint": None}
