"""Pictures as Pillow decodes and resizes them, for tests of fieldtrial's own decoding.

usage: pictures.py FOLDER
       pictures.py hashes FOLDER COUNT   on standard output {file: SHA-256 of its RGB rows}, of the first COUNT files of FOLDER

Writes FOLDER/pictures.json: {"decoded": [{"file", "width", "height", "pixels": file of RGB rows}], "resized": [{"filter": Pillow's number,
"from": [width, height, file], "to": [width, height, file]}]}, and the files. Pictures are turned by their EXIF, and laid on white.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

FOLDER = Path(sys.argv[-2] if sys.argv[1] == "hashes" else sys.argv[1])


def smooth(width, height, seed, mode="RGB"):
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, len(Image.new(mode, (1, 1)).getbands())), dtype=np.uint8)
    made = Image.fromarray(coarse.squeeze(), mode)
    return made.resize((width, height), Image.Resampling.BICUBIC)


def keep(name, picture):
    file = FOLDER / f"{name}.raw"
    file.write_bytes(np.asarray(picture, dtype=np.uint8).tobytes())
    return [picture.width, picture.height, str(file)]


def expected(file):
    picture = ImageOps.exif_transpose(Image.open(file))
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, (255, 255, 255, 255)), picture)
    return picture.convert("RGB")


def main():
    turned = Image.Exif()
    turned[0x0112] = 6
    pictures = {
        "photo.jpg": (smooth(61, 40, 1), dict(quality=90)),
        "turned.jpg": (smooth(61, 40, 2), dict(quality=90, exif=turned)),
        "grey.jpg": (smooth(50, 50, 3, "L"), dict(quality=90)),
        "grey.png": (smooth(33, 20, 4, "L"), {}),
        "clear.png": (smooth(33, 20, 5, "RGBA"), {}),
        "palette.png": (smooth(33, 20, 6).quantize(16), {}),
        "photo.webp": (smooth(64, 48, 7), dict(quality=90)),
        "photo.tiff": (smooth(31, 17, 8), {}),
        "moving.gif": (smooth(30, 20, 9).quantize(32), dict(save_all=True, append_images=[smooth(30, 20, 10).quantize(32)], duration=100)),
    }
    decoded = []
    for name, (picture, how) in pictures.items():
        picture.save(FOLDER / name, **how)
        width, height, pixels = keep(name, expected(FOLDER / name))
        decoded.append({"file": name, "width": width, "height": height, "pixels": pixels})
    smooth(40, 30, 11, "CMYK").save(FOLDER / "print.jpg", quality=90)
    Image.fromarray((np.arange(30 * 20, dtype=np.uint16) * 100).reshape(20, 30)).save(FOLDER / "deep.png")
    resized = []
    sizes = [((61, 40), (28, 56)), ((61, 40), (61, 20)), ((100, 37), (37, 37)), ((9, 7), (84, 56)), ((300, 200), (10, 8)), ((40, 40), (41, 40))]
    for number, (size, wanted) in enumerate(sizes):
        noisy = Image.fromarray(np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
        for filter in (1, 2, 3):
            key = f"{number}-{filter}"
            resized.append({"filter": filter, "from": keep(f"from-{key}", noisy), "to": keep(f"to-{key}", noisy.resize(wanted, filter))})
    (FOLDER / "pictures.json").write_text(json.dumps({"decoded": decoded, "resized": resized}))


def hashes(count):
    files = sorted(FOLDER.iterdir())[:count]
    print(json.dumps({file.name: hashlib.sha256(np.asarray(expected(file)).tobytes()).hexdigest() for file in files}))


hashes(int(sys.argv[3])) if sys.argv[1] == "hashes" else main()
