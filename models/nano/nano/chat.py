"""Conversations in ChatML, made of pairs: what the instruct siblings learn. Each is (question, reply); the loss is on the reply."""

from collections.abc import Iterator
from random import Random

from . import arithmetic
from .pairs import functions, meanings, paragraphs, sections, sentences
from .reasoning import thought
from .tokenizer import SYSTEM

LONGEST = 1400  # characters of question and reply together: about what 512 tokens hold


def ask(r: Random, *ways: str) -> str:
    return r.choice(ways)


def cut(text: str, size: int) -> str:
    """At the last end of a sentence, line or word before `size`."""
    if len(text) <= size:
        return text.strip()
    part = text[:size]
    for mark in ("\n", ". ", " "):
        at = part.rfind(mark)
        if at > size // 2:
            return part[: at + (1 if mark == ". " else 0)].strip()
    return part.strip()


def of_dictionary(record: dict, r: Random) -> Iterator[tuple[str, str]]:
    word, (meaning, example) = record["h"], meanings(record["t"])
    meaning = cut(meaning, 500)
    which = r.random()
    if which < 0.45:
        yield ask(r, f'What does "{word}" mean?', f"Define {word}.", f"What is the meaning of the word {word}?", f"Explain the term {word}."), meaning
    elif which < 0.8:
        yield ask(r, f"Which word means the following? {meaning}", f"Name the term that is defined so: {meaning}", f"What is the word for this? {meaning}"), word
    elif example:
        yield ask(r, f"Use {word} in a sentence.", f"Give an example of the word {word}."), example


def of_text(record: dict, r: Random) -> Iterator[tuple[str, str]]:
    for heading, body in sections(record["t"]):
        which = r.random()
        if which < 0.4:
            question = heading if heading.endswith("?") else ask(r, f"Explain: {heading}", f"What do I need to know about this: {heading}", f"Tell me about {heading}.", f"{heading}")
            yield question, cut(body, 900)
        elif which < 0.7:
            yield ask(r, f"Give a short title to this text:\n\n{cut(body, 900)}", f"What is this text about?\n\n{cut(body, 900)}", f"Name the topic of this passage in a few words.\n\n{cut(body, 900)}"), heading
    for paragraph in paragraphs(record["t"], 240)[:12]:
        parts = sentences(paragraph)
        if len(parts) < 3:
            continue
        which = r.random()
        if which < 0.12:
            yield ask(r, f"Continue this text: {parts[0]}", f"Go on: {parts[0]}"), cut(" ".join(parts[1:]), 700)
        elif which < 0.24:
            yield ask(r, f"Sum up in one sentence: {cut(' '.join(parts[1:]), 900)}", f"What is the main point here? {cut(' '.join(parts[1:]), 900)}"), parts[0]


def of_code(record: dict, r: Random) -> Iterator[tuple[str, str]]:
    language = record["h"].rpartition("(")[2].rstrip(")")
    for documentation, code in functions(record):
        if len(code) > 1000:
            continue
        which = r.random()
        if which < 0.5:
            yield ask(r, f"Write a {language} function: {documentation}", f"{documentation} Write it in {language}.", f"How do I do this in {language}? {documentation}"), code
        elif which < 0.85:
            yield ask(r, f"What does this code do?\n\n{code}", f"Explain this {language} function:\n\n{code}", f"Describe in one sentence:\n\n{code}"), documentation
        else:
            lines = code.split("\n")
            half = max(1, len(lines) // 2)
            if len(lines) > 3:
                yield "Complete this code:\n\n" + "\n".join(lines[:half]), "\n".join(lines[half:]).strip("\n")


def of_translation(record: dict, r: Random) -> Iterator[tuple[str, str]]:
    if len(record["h"]) + len(record["t"]) < LONGEST:
        if r.random() < 0.5:
            yield f"Translate this Java method to C#:\n\n{record['h']}", record["t"]
        else:
            yield f"Translate this C# method to Java:\n\n{record['t']}", record["h"]


def of_captions(record: dict, r: Random) -> Iterator[tuple[str, str]]:
    lines = record["t"].split("\n")
    if len(lines) > 1:
        a, b = r.sample(lines, 2)
        yield ask(r, f"Say this in other words: {a}", f"Describe the same scene differently: {a}"), b


def of_gsm8k(record: dict, r: Random) -> Iterator[tuple[str, str]]:
    steps, answer = solved(record)
    yield record["h"], f"{steps}\nThe answer is {answer}."


def solved(record: dict) -> tuple[str, str]:
    """Steps without the calculator's marks, and the answer, of a record of GSM8K."""
    steps, _, answer = record["t"].partition("####")
    while "<<" in steps and ">>" in steps:
        start = steps.index("<<")
        steps = steps[:start] + steps[steps.index(">>", start) + 2 :]
    return steps.strip(), answer.strip()


def generated(r: Random) -> tuple[str, str]:
    question, steps, answer = arithmetic.problem(r)
    return question, f"{steps} The answer is {answer}."


def reasoned(r: Random, words: list[tuple[str, str, str]]) -> tuple[str, str]:
    question, thinking, answer = thought(r, words)
    return question, f"<think>\n{thinking}\n</think>\n\n{answer}"


MAKERS = {"dictionary": of_dictionary, "text": of_text, "maths": of_text, "code": of_code, "translation": of_translation, "captions": of_captions, "gsm8k": of_gsm8k}


def of_record(record: dict, seed: int) -> list[tuple[str, str]]:
    """The conversations of a record; the same record gives the same ones."""
    r = Random(f"{seed} {record['s']} {record['h'][:80]} {len(record['t'])}")
    return [(q.strip(), a.strip()) for q, a in MAKERS[record["k"]](record, r) if a.strip() and len(q) + len(a) <= LONGEST]


def prompt(question: str, r: Random) -> str:
    """All before the reply; one conversation in ten has no system turn."""
    system = "" if r.random() < 0.1 else f"<|im_start|>system\n{SYSTEM}<|im_end|>\n"
    return f"{system}<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
