"""Generated problems of school mathematics with worked steps. `problem(random)` gives (question, steps, answer); the steps end in the answer."""

import math
from fractions import Fraction
from random import Random

NAMES = ["Ana", "Ben", "Chloe", "David", "Elena", "Femi", "Grace", "Hiro", "Ines", "Jamal", "Kim", "Leo", "Maya", "Noah", "Olga", "Priya", "Quinn", "Rosa", "Sam", "Tara", "Uma", "Viktor", "Wei", "Zoe"]
THINGS = ["apples", "books", "marbles", "stickers", "pencils", "cookies", "tickets", "stamps", "shells", "coins", "flowers", "eggs", "bottles", "cards", "buttons", "bricks"]


def addition(r: Random):
    a, b = (r.randrange(10 ** r.randint(1, 4)) for _ in range(2))
    steps, carry, digits = [], 0, []
    for place, name in enumerate(["ones", "tens", "hundreds", "thousands"][: len(str(max(a, b)))]):
        x, y = a // 10**place % 10, b // 10**place % 10
        total = x + y + carry
        steps.append(f"{name}: {x} + {y}{f' + {carry}' if carry else ''} = {total}" + (f", write {total % 10} and carry 1" if total > 9 else ""))
        carry = total // 10
        digits.append(total % 10)
    return f"What is {a} + {b}?", "Add digit by digit. " + "; ".join(steps) + f". So {a} + {b} = {a + b}.", str(a + b)


def subtraction(r: Random):
    a, b = sorted((r.randrange(10 ** r.randint(1, 4)) for _ in range(2)), reverse=True)
    tens = b // 10 * 10
    return f"What is {a} - {b}?", f"Take away {tens} first: {a} - {tens} = {a - tens}. Then take away {b - tens}: {a - tens} - {b - tens} = {a - b}.", str(a - b)


def multiplication(r: Random):
    a, b = r.randint(2, 999), r.randint(2, 99)
    parts = [(int(d) * 10 ** (len(str(b)) - 1 - i)) for i, d in enumerate(str(b)) if d != "0"]
    products = [a * p for p in parts]
    lines = ", ".join(f"{a} * {p} = {a * p}" for p in parts)
    end = f" Together: {' + '.join(map(str, products))} = {a * b}." if len(parts) > 1 else ""
    return f"What is {a} * {b}?", f"Split {b}: {lines}.{end}", str(a * b)


def division(r: Random):
    b, q = r.randint(2, 25), r.randint(1, 120)
    rest = r.randrange(b)
    a = b * q + rest
    if rest == 0:
        return f"What is {a} / {b}?", f"{b} * {q} = {a}, so {a} / {b} = {q}.", str(q)
    return f"Divide {a} by {b}. What are quotient and remainder?", f"{b} * {q} = {b * q} and {b} * {q + 1} = {b * (q + 1)} is too large. {a} - {b * q} = {rest}. The quotient is {q}, the remainder {rest}.", f"{q} remainder {rest}"


def fractions(r: Random):
    a, b = Fraction(r.randint(1, 11), r.randint(2, 12)), Fraction(r.randint(1, 11), r.randint(2, 12))
    d = math.lcm(a.denominator, b.denominator)
    x, y = a.numerator * d // a.denominator, b.numerator * d // b.denominator
    return f"Add the fractions {a} and {b}.", f"The common denominator of {a.denominator} and {b.denominator} is {d}. {a} = {x}/{d} and {b} = {y}/{d}. {x}/{d} + {y}/{d} = {x + y}/{d}" + (f" = {a + b}." if str(a + b) != f"{x + y}/{d}" else "."), str(a + b)


def percent(r: Random):
    p, n = r.choice([5, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 80, 90]), r.randint(1, 60) * 20
    value = Fraction(p * n, 100)
    shown = str(value) if value.denominator == 1 else f"{float(value):g}"
    return f"What is {p}% of {n}?", f"1% of {n} is {n / 100:g}. {p}% is {p} * {n / 100:g} = {shown}.", shown


def equation(r: Random):
    x, a, b = r.randint(-12, 20), r.randint(2, 12), r.randint(-30, 30)
    c = a * x + b
    sign, back = ("+", "Subtract") if b >= 0 else ("-", "Add")
    return f"Solve for x: {a}x {sign} {abs(b)} = {c}", f"{back} {abs(b)} on both sides: {a}x = {c - b}. Divide by {a}: x = {x}.", f"x = {x}"


def divisor(r: Random):
    g = r.randint(1, 24)
    a, b = g * r.randint(2, 20), g * r.randint(2, 20)
    x, y, steps = max(a, b), min(a, b), []
    while y:
        steps.append(f"{x} = {x // y} * {y} + {x % y}")
        x, y = y, x % y
    return f"What is the greatest common divisor of {a} and {b}?", "Euclid's algorithm: " + "; ".join(steps) + f". The last remainder that is not zero, or the last divisor, is {x}.", str(x)


def factors(r: Random):
    n = r.randint(12, 600)
    rest, found, steps = n, [], []
    p = 2
    while p * p <= rest:
        while rest % p == 0:
            steps.append(f"{rest} / {p} = {rest // p}")
            found.append(p)
            rest //= p
        p += 1
    if rest > 1:
        found.append(rest)
    if len(found) == 1:
        return f"Factor {n} into primes.", f"No prime up to {math.isqrt(n)} divides {n}, so {n} is prime.", f"{n} is prime"
    return f"Factor {n} into primes.", "; ".join(steps) + f"; {found[-1]} is prime. {n} = {' * '.join(map(str, found))}.", " * ".join(map(str, found))


def sequence(r: Random):
    a, d = r.randint(-10, 40), r.randint(-9, 15) or 3
    if r.random() < 0.4:
        a, q = r.randint(1, 9), r.randint(2, 4)
        terms = [a * q**i for i in range(6)]
        return f"What comes next: {', '.join(map(str, terms[:5]))}?", f"Each term is {q} times the one before: {terms[1]} / {terms[0]} = {q}. {terms[4]} * {q} = {terms[5]}.", str(terms[5])
    terms = [a + i * d for i in range(6)]
    return f"What comes next: {', '.join(map(str, terms[:5]))}?", f"The difference is {terms[1]} - {terms[0]} = {d}. {terms[4]} + {d} = {terms[5]}.".replace("+ -", "- ").replace("- -", "+ "), str(terms[5])


def area(r: Random):
    a, b = r.randint(2, 60), r.randint(2, 60)
    if r.random() < 0.5:
        return f"A rectangle is {a} m long and {b} m wide. What are its area and its perimeter?", f"Area: {a} * {b} = {a * b} square metres. Perimeter: 2 * ({a} + {b}) = 2 * {a + b} = {2 * (a + b)} metres.", f"{a * b} square metres and {2 * (a + b)} metres"
    shown = f"{a * b / 2:g}"
    return f"A triangle has a base of {a} cm and a height of {b} cm. What is its area?", f"Area = base * height / 2 = {a} * {b} / 2 = {a * b} / 2 = {shown} square centimetres.", f"{shown} square centimetres"


def average(r: Random):
    n = r.randint(3, 6)
    values = [r.randint(1, 60) for _ in range(n - 1)]
    values.append(-sum(values) % n + n * r.randint(1, 8))
    total = sum(values)
    return f"What is the average of {', '.join(map(str, values))}?", f"Sum: {' + '.join(map(str, values))} = {total}. There are {n} numbers: {total} / {n} = {total // n}.", str(total // n)


def power(r: Random):
    a, n = r.randint(2, 12), r.randint(2, 5)
    steps, value = [], a
    for _ in range(n - 1):
        steps.append(f"{value} * {a} = {value * a}")
        value *= a
    return f"What is {a}^{n}?", ", ".join(steps) + f". So {a}^{n} = {value}.", str(value)


def remainder(r: Random):
    a, b, m = r.randint(2, 90), r.randint(2, 90), r.randint(3, 20)
    return f"What is ({a} * {b}) mod {m}?", f"{a} mod {m} = {a % m} and {b} mod {m} = {b % m}. {a % m} * {b % m} = {a % m * (b % m)}, and {a % m * (b % m)} mod {m} = {a * b % m}.", str(a * b % m)


def derivative(r: Random):
    terms = sorted({r.randint(1, 5): r.randint(1, 9) for _ in range(r.randint(1, 3))}.items(), reverse=True)

    def show(pairs):
        return " + ".join((f"{c}" if n == 0 else f"{'' if c == 1 else c}x{'' if n == 1 else f'^{n}'}") for n, c in pairs)

    result = [(n - 1, n * c) for n, c in terms]
    steps = "; ".join(f"the derivative of {show([(n, c)])} is {show([(n - 1, n * c)])}" for n, c in terms)
    return f"Differentiate f(x) = {show(terms)}.", f"By the power rule {steps}. So f'(x) = {show(result)}.", f"f'(x) = {show(result)}"


def shop(r: Random):
    name, thing, other = r.choice(NAMES), *r.sample(THINGS, 2)
    a, p, b, q = r.randint(2, 15), r.randint(1, 12), r.randint(2, 15), r.randint(1, 12)
    total = a * p + b * q
    paid = -(-total // 10) * 10 + r.choice([0, 10, 20])
    return (
        f"{name} buys {a} {thing} at ${p} each and {b} {other} at ${q} each, and pays with ${paid}. How much change does {name} get?",
        f"The {thing} cost {a} * {p} = ${a * p}. The {other} cost {b} * {q} = ${b * q}. Together that is {a * p} + {b * q} = ${total}. The change is {paid} - {total} = ${paid - total}.",
        f"${paid - total}",
    )


def sharing(r: Random):
    name, friend, thing = *r.sample(NAMES, 2), r.choice(THINGS)
    n, k, more = r.randint(2, 9), r.randint(2, 20), r.randint(1, 30)
    start = n * k
    return (
        f"{name} has {start} {thing} and shares them equally among {n} children. Then {friend} gives each child {more} more. How many {thing} does each child have?",
        f"Each child first gets {start} / {n} = {k} {thing}. With {more} more it has {k} + {more} = {k + more} {thing}.",
        str(k + more),
    )


def travel(r: Random):
    v, t = r.randint(3, 24) * 5, r.randint(2, 9)
    rest = r.randint(1, 6) * 10
    return (
        f"A train goes {v} km per hour for {t} hours and then another {rest} km. How far does it go?",
        f"In {t} hours it goes {v} * {t} = {v * t} km. Then {v * t} + {rest} = {v * t + rest} km.",
        f"{v * t + rest} km",
    )


def compare(r: Random):
    a, b, thing = *r.sample(NAMES, 2), r.choice(THINGS)
    n, k, less = r.randint(3, 40), r.randint(2, 5), r.randint(1, 12)
    other = n * k - min(less, n * k - 1)
    gone = n * k - other
    return (
        f"{a} has {n} {thing}. {b} had {k} times as many but lost {gone}. How many {thing} do they have together?",
        f"{b} had {k} * {n} = {n * k} {thing} and now has {n * k} - {gone} = {other}. Together they have {n} + {other} = {n + other}.",
        str(n + other),
    )


def clock(r: Random):
    h, m, d = r.randint(0, 20), r.randrange(0, 60, 5), r.randrange(15, 200, 5)
    end = h * 60 + m + d
    return (
        f"A film begins at {h}:{m:02d} and lasts {d} minutes. When does it end?",
        f"{d} minutes are {d // 60} hours and {d % 60} minutes. {h}:{m:02d} plus {d // 60} hours is {(h + d // 60) % 24}:{m:02d}; plus {d % 60} minutes is {end // 60 % 24}:{end % 60:02d}.",
        f"{end // 60 % 24}:{end % 60:02d}",
    )


def precedence(r: Random):
    a, b, c, d = (r.randint(1, 15) for _ in range(4))
    return f"Compute {a} + {b} * ({c} + {d}).", f"First the brackets: {c} + {d} = {c + d}. Then {b} * {c + d} = {b * (c + d)}. Then {a} + {b * (c + d)} = {a + b * (c + d)}.", str(a + b * (c + d))


PROBLEMS = (addition, subtraction, multiplication, division, fractions, percent, equation, divisor, factors, sequence, area, average, power, remainder, derivative, shop, sharing, travel, compare, clock, precedence)  # fmt: skip


def problem(r: Random) -> tuple[str, str, str]:
    return r.choice(PROBLEMS)(r)


def written(r: Random) -> str:
    """A page of problems as running text."""
    parts = []
    for _ in range(r.randint(3, 6)):
        question, steps, answer = problem(r)
        parts.append(r.choice((f"Problem: {question}\nSolution: {steps}\nAnswer: {answer}", f"{question}\n{steps}\n#### {answer}", f"Question: {question}\nAnswer: {steps} The answer is {answer}.")))
    return "\n\n".join(parts)
