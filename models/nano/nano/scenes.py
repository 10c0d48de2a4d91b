"""Drawn scenes with captions and questions: coloured shapes, how many, where. What a small eye can learn and be tested on.

    python -m nano.scenes --out FOLDER --count 240      # a collection in BEIR's layout, from seeds that training does not use
"""

import argparse
import json
import shutil
from pathlib import Path
from random import Random

SIDE = 112
COLOURS = {"red": (214, 40, 40), "green": (46, 160, 67), "blue": (38, 84, 214), "yellow": (245, 205, 35), "orange": (240, 130, 30), "purple": (135, 60, 175), "black": (20, 20, 20), "white": (250, 250, 250), "pink": (245, 140, 180), "brown": (125, 80, 45), "grey": (130, 130, 130)}  # fmt: skip
SHAPES = ("circle", "square", "triangle", "star", "cross", "heart", "ring", "diamond")
PLACES = {"top left": (0.27, 0.27), "top right": (0.73, 0.27), "bottom left": (0.27, 0.73), "bottom right": (0.73, 0.73), "middle": (0.5, 0.5)}
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six")


def _draw(pen, shape: str, x: float, y: float, s: float, colour) -> None:
    import math

    box = (x - s, y - s, x + s, y + s)
    if shape == "circle":
        pen.ellipse(box, fill=colour)
    elif shape == "ring":
        pen.ellipse(box, outline=colour, width=max(3, int(s / 3)))
    elif shape == "square":
        pen.rectangle(box, fill=colour)
    elif shape == "diamond":
        pen.polygon([(x, y - s * 1.15), (x + s, y), (x, y + s * 1.15), (x - s, y)], fill=colour)
    elif shape == "triangle":
        pen.polygon([(x, y - s), (x + s, y + s), (x - s, y + s)], fill=colour)
    elif shape == "cross":
        w = s / 3
        pen.rectangle((x - w, y - s, x + w, y + s), fill=colour)
        pen.rectangle((x - s, y - w, x + s, y + w), fill=colour)
    elif shape == "star":
        points = [(x + (s * 1.1 if i % 2 == 0 else s * 0.45) * math.sin(i * math.pi / 5), y - (s * 1.1 if i % 2 == 0 else s * 0.45) * math.cos(i * math.pi / 5)) for i in range(10)]
        pen.polygon(points, fill=colour)
    elif shape == "heart":
        pen.ellipse((x - s, y - s, x, y), fill=colour)
        pen.ellipse((x, y - s, x + s, y), fill=colour)
        pen.polygon([(x - s * 0.95, y - s * 0.3), (x + s * 0.95, y - s * 0.3), (x, y + s)], fill=colour)


def scene(r: Random) -> dict:
    """What is drawn: a background, and either things at places or a number of equal things."""
    ground = r.choice(list(COLOURS))
    colours = [c for c in COLOURS if c != ground]
    if r.random() < 0.35:
        return {"ground": ground, "kind": "many", "count": r.randint(2, 6), "colour": r.choice(colours), "shape": r.choice(SHAPES), "jitter": [r.random() for _ in range(18)]}
    places = r.sample(list(PLACES), r.choice([1, 2, 2, 3]))
    return {"ground": ground, "kind": "placed", "things": [{"place": p, "colour": r.choice(colours), "shape": r.choice(SHAPES), "size": r.uniform(0.13, 0.2)} for p in places], "jitter": [r.uniform(-0.04, 0.04) for _ in range(6)]}


def draw(what: dict):
    """A Pillow image of SIDE × SIDE pixels, smoothed by drawing it twice as large."""
    from PIL import Image, ImageDraw

    side = 2 * SIDE
    image = Image.new("RGB", (side, side), COLOURS[what["ground"]])
    pen = ImageDraw.Draw(image)
    if what["kind"] == "many":
        for i in range(what["count"]):
            column, row = i % 3, i // 3
            x = (column + 0.5) / 3 + (what["jitter"][i] - 0.5) * 0.08
            y = (row + 0.5) / 2 + (what["jitter"][6 + i] - 0.5) * 0.12
            _draw(pen, what["shape"], x * side, y * side, side * (0.1 + 0.04 * what["jitter"][12 + i]), COLOURS[what["colour"]])
    else:
        for i, thing in enumerate(what["things"]):
            x, y = PLACES[thing["place"]]
            _draw(pen, thing["shape"], (x + what["jitter"][2 * i]) * side, (y + what["jitter"][2 * i + 1]) * side, thing["size"] * side, COLOURS[thing["colour"]])
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def name(colour: str, shape: str) -> str:
    return f"{'an' if colour[0] in 'aeiou' else 'a'} {colour} {shape}"


def caption(what: dict, r: Random) -> str:
    plural = {"cross": "crosses"}.get(what.get("shape", ""), f"{what.get('shape')}s")
    if what["kind"] == "many":
        return r.choice((f"{NUMBERS[what['count']].capitalize()} {what['colour']} {plural} on a {what['ground']} background.", f"There are {NUMBERS[what['count']]} {what['colour']} {plural} on {what['ground']}."))
    things = [(f"{name(t['colour'], t['shape'])}", "in the middle" if t["place"] == "middle" else f"at the {t['place']}") for t in what["things"]]
    r.shuffle(things)
    text = ", ".join(f"{n} {p}" for n, p in things[:-1]) + (" and " if len(things) > 1 else "") + " ".join(things[-1])
    return r.choice((f"{text[0].upper()}{text[1:]}, on a {what['ground']} background.", f"A {what['ground']} picture with {text}."))


def question(what: dict, r: Random) -> tuple[str, str]:
    if r.random() < 0.2:
        return "What colour is the background?", what["ground"].capitalize() + "."
    if what["kind"] == "many":
        plural = {"cross": "crosses"}.get(what["shape"], f"{what['shape']}s")
        return r.choice(((f"How many {plural} are there?", NUMBERS[what["count"]].capitalize() + "."), (f"What colour are the {plural}?", what["colour"].capitalize() + "."), ("Which shape is repeated?", f"The {what['shape']}.")))
    thing = r.choice(what["things"])
    where = "in the middle" if thing["place"] == "middle" else f"at the {thing['place']}"
    return r.choice(((f"What is {where}?", f"{name(thing['colour'], thing['shape']).capitalize()}."), (f"What colour is the shape {where}?", thing["colour"].capitalize() + "."), (f"Where is the {thing['colour']} {thing['shape']}?", f"{where.capitalize()}.")))


def collection(out: Path, count: int, train: int = 0, seed: str = "scenes for tests") -> None:
    """corpus.jsonl, images/, queries.jsonl, qrels/test.tsv and, if asked for, qrels/train.tsv; no two scenes with the same caption."""
    if out.is_dir() and any(out.iterdir()):
        raise SystemExit(f"{out} is not empty and is left as it is: name another folder with --out.")
    whole, out = out, out.with_name(f"{out.name}.partial")
    shutil.rmtree(out, ignore_errors=True)
    (out / "images").mkdir(parents=True)
    (out / "qrels").mkdir()
    seen: set[str] = set()
    rows = []
    i = 0
    while len(rows) < count + train:
        r = Random(f"{seed} {i}")
        i += 1
        what = scene(r)
        key = json.dumps([what["ground"], what.get("count"), what.get("colour"), what.get("shape"), sorted((t["place"], t["colour"], t["shape"]) for t in what.get("things", []))])
        if key in seen:
            continue
        seen.add(key)
        rows.append((f"scene-{len(rows)}", what, caption(what, r)))
    with open(out / "corpus.jsonl", "w", encoding="utf-8") as corpus, open(out / "queries.jsonl", "w", encoding="utf-8") as queries:
        for key, what, text in rows:
            draw(what).save(out / "images" / f"{key}.png", optimize=True)
            corpus.write(json.dumps({"_id": key, "title": "", "text": "", "image": f"images/{key}.png"}) + "\n")
            queries.write(json.dumps({"_id": f"q-{key}", "text": text}) + "\n")
    for split, part in (("test", rows[:count]), ("train", rows[count:])):
        if part:
            lines = "".join(f"q-{key}\t{key}\t1\n" for key, _, _ in part)
            (out / "qrels" / f"{split}.tsv").write_text(f"query-id\tcorpus-id\tscore\n{lines}")
    # A folder that is there is whole.
    if whole.is_dir():
        whole.rmdir()
    out.rename(whole)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draws a collection of scenes with captions.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=240)
    parser.add_argument("--train", type=int, default=0, help="so many more, for training")
    arguments = parser.parse_args()
    collection(arguments.out, arguments.count, arguments.train)


if __name__ == "__main__":
    main()
