"""Long chains of thought, generated: trying, checking, going back. `thought(random, words)` gives (question, thinking, answer).

The siblings of R1-Distill's kind learn from these; `words` are solved word problems (question, steps, answer) that are thought about too.
"""

import math
from random import Random

from .arithmetic import NAMES, THINGS, problem

OPEN = ["Okay, let me think about this.", "Let me work through this step by step.", "Alright, so I need to find out what is asked here.", "Hmm, let me see.", "First, let me understand the question."]
DOUBT = ["Wait, let me check that.", "Hold on, is that right?", "Let me double-check.", "Hmm, I should verify this.", "But wait, did I miss something?"]
SURE = ["Yes, that works.", "Good, it fits.", "That agrees.", "So this is right.", "Everything is consistent."]


def worked(r: Random):
    """A problem, its steps, a wrong turn that is noticed, and a second look."""
    question, steps, answer = problem(r)
    parts = [r.choice(OPEN), f"The question is: {question}", steps]
    if r.random() < 0.5:
        parts += [r.choice(DOUBT), f"Going through it again: {steps}"]
    parts += [r.choice(SURE), f"The answer should be {answer}."]
    return question, "\n".join(parts), f"{steps} The answer is {answer}."


def prime(r: Random):
    n = r.choice([r.randrange(51, 900) | 1, r.randrange(51, 900)])
    root, lines = math.isqrt(n), []
    found = None
    for p in [q for q in range(2, root + 1) if all(q % d for d in range(2, math.isqrt(q) + 1))]:
        if n % p == 0:
            lines.append(f"{n} / {p} = {n // p} exactly. So {p} divides it.")
            found = p
            break
        lines.append(f"{p}: {p} * {n // p} = {p * (n // p)}, remainder {n % p}. No.")
    end = f"{n} = {found} * {n // found}, so {n} is not prime." if found else f"No prime up to {root} divides {n}, so {n} is prime."
    return f"Is {n} a prime number?", f"{r.choice(OPEN)} The square root of {n} is about {math.sqrt(n):.1f}, so I try the primes up to {root}.\n" + "\n".join(lines) + f"\n{r.choice(SURE)} {end}", end


def line_up(r: Random):
    """Who stands where: clues between neighbours, the order found by inserting one after another."""
    people = r.sample(NAMES, r.randint(4, 5))
    what, more = r.choice([("tallest", "taller"), ("oldest", "older"), ("fastest", "faster"), ("heaviest", "heavier")])
    clues = [(people[i], people[i + 1]) for i in range(len(people) - 1)]
    shuffled = r.sample(clues, len(clues))
    question = " ".join(f"{a} is {more} than {b}." for a, b in shuffled) + f" Who is the {what}, and who comes last?"
    lines = [f"From the clue, {a} > {b}." for a, b in shuffled]
    chain, rest = list(shuffled[0]), shuffled[1:]
    while rest:
        for a, b in list(rest):
            if b == chain[0]:
                chain.insert(0, a)
            elif a == chain[-1]:
                chain.append(b)
            else:
                continue
            rest.remove((a, b))
            lines.append(f"I know {' > '.join(chain)} now.")
    lines.append(f"{r.choice(DOUBT)} " + " ".join(f"{a} before {b}: yes." for a, b in clues))
    return question, f"{r.choice(OPEN)}\n" + "\n".join(lines) + f"\n{r.choice(SURE)}", f"{people[0]} is the {what} and {people[-1]} comes last."


def guess(r: Random):
    """A number found by halving an interval."""
    k, n = r.choice([2, 3]), r.randint(7, 40)
    target = n**k
    low, high, lines = 1, r.choice([50, 64]), []
    bound = high
    while low <= high:
        middle = (low + high) // 2
        value = middle**k
        if value == target:
            lines.append(f"Try {middle}: {middle}^{k} = {value}. Exactly.")
            break
        lines.append(f"Try {middle}: {middle}^{k} = {value}, which is too {'small, so it is larger' if value < target else 'large, so it is smaller'}.")
        low, high = (middle + 1, high) if value < target else (low, middle - 1)
    return f"Which whole number x has x^{k} = {target}?", f"{r.choice(OPEN)} I search between 1 and {bound}.\n" + "\n".join(lines) + f"\n{r.choice(SURE)}", f"x = {n}"


def binary(r: Random):
    n, b = r.randint(20, 1000), r.choice([2, 3, 5, 8])
    digits, value, lines = [], n, []
    while value:
        lines.append(f"{value} / {b} = {value // b} remainder {value % b}")
        digits.insert(0, str(value % b))
        value //= b
    text = "".join(digits)
    sums = [f"{d}*{b ** (len(digits) - 1 - i)}" for i, d in enumerate(digits)]
    return f"Write {n} in base {b}.", f"{r.choice(OPEN)} I divide by {b} again and again and read the remainders from the last to the first.\n" + "\n".join(lines) + f"\nThat gives {text}.\n{r.choice(DOUBT)} {' + '.join(sums)} = {n}. {r.choice(SURE)}", f"{n} in base {b} is {text}."


def coins(r: Random):
    """Two kinds of coins, found by trying."""
    a, b = r.sample([1, 2, 5, 10, 20, 25], 2)
    x, y = r.randint(2, 9), r.randint(2, 9)
    total, value = x + y, a * x + b * y
    name = r.choice(NAMES)
    lines = []
    for i in range(total + 1):
        v = a * i + b * (total - i)
        lines.append(f"If {i} are worth {a}: {a}*{i} + {b}*{total - i} = {v}." + (" That is it." if v == value else " No."))
        if v == value:
            break
    return f"{name} has {total} coins worth {value} cents together, some of {a} cents and some of {b} cents. How many of each?", f"{r.choice(OPEN)} There are {total} coins; I try how many are of {a} cents.\n" + "\n".join(lines) + f"\n{r.choice(SURE)}", f"{x} coins of {a} cents and {y} coins of {b} cents."


def subset(r: Random):
    numbers = r.sample(range(2, 60), 5)
    pick = r.sample(numbers, 2)
    target = sum(pick)
    lines, found = [], None
    for i in range(5):
        for j in range(i + 1, 5):
            if found:
                break
            s = numbers[i] + numbers[j]
            lines.append(f"{numbers[i]} + {numbers[j]} = {s}" + (f", yes." if s == target else ", no."))
            if s == target:
                found = (numbers[i], numbers[j])
    return f"Which two of the numbers {', '.join(map(str, numbers))} add up to {target}?", f"{r.choice(OPEN)} I go through the pairs.\n" + "\n".join(lines) + f"\n{r.choice(SURE)}", f"{found[0]} and {found[1]}."


def boxes(r: Random):
    """Things moved about between boxes; the state is written down after each move."""
    thing = r.choice(THINGS)
    state = {box: r.randint(5, 30) for box in "ABC"}
    start = ", ".join(f"box {b} holds {n}" for b, n in state.items())
    moves, lines = [], []
    for _ in range(r.randint(3, 5)):
        source, target = r.sample("ABC", 2)
        if state[source] < 2:
            continue
        n = r.randint(1, state[source] - 1)
        moves.append(f"{n} go from {source} to {target}")
        lines.append(f"{n} from {source} to {target}: {source} has {state[source]} - {n} = {state[source] - n}, {target} has {state[target]} + {n} = {state[target] + n}.")
        state[source] -= n
        state[target] += n
    total = sum(state.values())
    end = ", ".join(f"{n} in {b}" for b, n in state.items())
    return f"Of {thing}, {start}. Then {'; then '.join(moves)}. How many are in each box?", f"{r.choice(OPEN)} I keep track of the boxes.\n" + "\n".join(lines) + f"\n{r.choice(DOUBT)} The sum must stay the same: {' + '.join(str(n) for n in state.values())} = {total}. {r.choice(SURE)}", f"{end}."


PUZZLES = (worked, worked, worked, prime, line_up, guess, binary, coins, subset, boxes)


def thought(r: Random, words: list[tuple[str, str, str]]) -> tuple[str, str, str]:
    if words and r.random() < 0.25:
        question, steps, answer = r.choice(words)
        lines = [line for line in steps.split("\n") if line]
        parts = [r.choice(OPEN), f"I am asked: {question}"]
        for i, line in enumerate(lines):
            parts.append(line)
            if i + 1 < len(lines) and r.random() < 0.2:
                parts.append(r.choice(DOUBT) + " " + line + " " + r.choice(SURE))
        return question, "\n".join([*parts, f"So the answer is {answer}."]), f"The answer is {answer}."
    return r.choice(PUZZLES)(r)
