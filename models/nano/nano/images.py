"""The images that nano-vision learns from, as one small archive: photographs of Flickr8k's train split and icons with their names.

    python -m nano.images --out .bench/nano      # images.tar: JPEG files at the size that the model sees, captions.json

Photographs of other splits are left out by their id, icons whose name is a query of emoji-noto by their name. Emoji themselves are not used:
emoji-noto has a test split only. Drawn scenes (scenes.py) are made while training.
"""

import argparse
import io
import json
import tarfile
from pathlib import Path

from .collections_out import captions, lines, pairs_of
from .corpus import REPOSITORY, files_of
from .fetch import SOURCES, unpack
from .scenes import SIDE
from .vision_config import size_of


def photographs(data: Path) -> list[tuple[str, Path, list[str]]]:
    held_out = {image for split in ("test", "dev") for _, image in pairs_of(data / "flickr8k-1k", split)}
    chosen = captions(data)
    both = held_out & set(chosen)
    if both:
        raise SystemExit(f"flickr8k-1k: {len(both)} images of the train split are in test or dev, too: {min(both)}.")
    return [(image, data / "flickr8k-1k" / "images" / image, texts) for image, texts in chosen.items()]


def icons(data: Path, cache: Path) -> list[tuple[str, Path, list[str]]]:
    """One file per name, the largest; the name's words are the caption."""
    names = {query["text"].lower() for query in lines(data / "emoji-noto" / "queries.jsonl")}
    found: dict[str, tuple[int, Path]] = {}
    for package in SOURCES["packages"]:
        if package["read"] != "icons":
            continue
        folder, _ = unpack(package["name"], cache)
        for path in files_of(folder, package["take"]):
            words = path.stem.replace("-", " ").replace("_", " ")
            size = int(path.parent.parent.name.split("x")[0])
            if path.is_symlink() or any(c.isdigit() for c in words) or words.startswith(("gtk", "stock", "gnome")) or words in names:
                continue
            if words not in found or found[words][0] < size:
                found[words] = (size, path)
    return [(f"icon {words}", path, [words]) for words, (_, path) in sorted(found.items())]


def jpeg(path: Path, size: tuple[int, int] | None) -> bytes:
    """size: height and width, or None for an icon on white at the scenes' size."""
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        if size is None:
            image = image.convert("RGBA")
            white = Image.new("RGBA", image.size, (255, 255, 255, 255))
            image = Image.alpha_composite(white, image).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        else:
            image = ImageOps.exif_transpose(image).convert("RGB").resize((size[1], size[0]), Image.Resampling.BICUBIC)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=88)
        return out.getvalue()


def build(data: Path, out: Path) -> dict:
    from PIL import Image

    index = []
    with tarfile.open(out / "images.tar.partial", "w") as archive:

        def add(name: str, content: bytes) -> None:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))

        for kind, rows in (("photograph", photographs(data)), ("icon", icons(data, out / "packages"))):
            for i, (name, path, texts) in enumerate(rows):
                with Image.open(path) as image:
                    size = size_of(image.height, image.width) if kind == "photograph" else None
                file = f"{kind}-{i}.jpg"
                add(file, jpeg(path, size))
                index.append({"file": file, "kind": kind, "source": name, "captions": texts})
        add("captions.json", json.dumps(index, ensure_ascii=False).encode())
    (out / "images.tar.partial").rename(out / "images.tar")
    return {"photographs": sum(r["kind"] == "photograph" for r in index), "icons": sum(r["kind"] == "icon" for r in index), "bytes": (out / "images.tar").stat().st_size}


def main() -> None:
    parser = argparse.ArgumentParser(description="Packs the images that nano-vision learns from.")
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=REPOSITORY / ".bench" / "nano")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(json.dumps(build(arguments.data, arguments.out)))


if __name__ == "__main__":
    main()
