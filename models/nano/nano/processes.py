"""Processes that make texts and pictures."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor


def processes(workers: int | None) -> ProcessPoolExecutor:
    """As many as cores unless told otherwise. Forked: nothing is loaded again, but nothing may have touched a GPU before."""
    return ProcessPoolExecutor(workers or os.cpu_count(), mp_context=multiprocessing.get_context("fork"))
