"""Debian packages onto the disk: downloaded with apt, unpacked beside one another, nothing installed."""

import json
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SOURCES = json.loads((HERE / "sources.json").read_text())


def unpack(name: str, cache: Path) -> tuple[Path, str]:
    """The folder that holds the package's files, and its version. A package that is already there is not fetched again."""
    cache.mkdir(parents=True, exist_ok=True)
    folder, note = cache / name, cache / f"{name}.version"
    if folder.is_dir() and note.is_file():
        return folder, note.read_text().strip()
    debs = cache / "debs"
    debs.mkdir(exist_ok=True)
    found = sorted(debs.glob(f"{name}_*.deb"))
    if not found:
        subprocess.run(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", name], cwd=debs, check=True)
        found = sorted(debs.glob(f"{name}_*.deb"))
    partial = cache / f"{name}.partial"
    subprocess.run(["rm", "-rf", str(partial), str(folder)], check=True)
    subprocess.run(["dpkg", "-x", str(found[-1]), str(partial)], check=True)
    partial.rename(folder)
    version = subprocess.run(["dpkg-deb", "-f", str(found[-1]), "Version"], check=True, capture_output=True, text=True).stdout.strip()
    note.write_text(version + "\n")
    found[-1].unlink()
    return folder, version


def fetch_all(cache: Path) -> dict[str, tuple[Path, str]]:
    """Every package of sources.json, by name."""
    return {package["name"]: unpack(package["name"], cache) for package in SOURCES["packages"]}
