"""What an environment can do, as one line of JSON: `python -m fieldtrial_worker.probe [--devices]`. Without the flag nothing heavy is imported."""

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("torch", "transformers", "safetensors", "accelerate", "peft", "gguf")


def versions() -> dict:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


if __name__ == "__main__":
    answer = {"python": platform.python_version(), "versions": versions(), "devices": None}
    if "--devices" in sys.argv[1:]:
        from .devices import devices

        answer["devices"] = devices()
    print(json.dumps(answer))
