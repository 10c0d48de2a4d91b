"""Readers, the guard against held-out texts, pairs, generated problems, scenes."""

import gzip
import re
import tempfile
import unittest
from pathlib import Path
from random import Random

from nano import arithmetic, dictionaries, documents, pairs, reasoning, scenes, sources_of_code
from nano.chat import solved
from nano.guard import Guard
from nano.vision_config import MOST, size_of


class Readers(unittest.TestCase):
    def test_html(self):
        text = documents.html("<html><head><title>no</title></head><body><nav>menu</nav><h2>How to <b>sort</b></h2><p>Use\n  sorted.</p><pre>a = 1\nb</pre><script>x()</script></body></html>")
        self.assertEqual(text, "# How to sort\n\nUse sorted.\n\na = 1\nb")

    def test_restructured_text(self):
        self.assertEqual(documents.plain("Title\n=====\n\nSee :func:`~os.path.join` and ``x``.\n"), "# Title\n\nSee os.path.join and `x`.")

    def test_man(self):
        page = '.TH LS 1\n.\\" comment\n.SH "NAME"\nls \\- list directory contents\n.SH DESCRIPTION\n.B ls\nlists\n.IR files .\n'
        text = documents.man(page)
        self.assertIn("# Name", text)
        self.assertIn("ls - list directory contents", text)
        self.assertIn("ls\nlists\nfiles.", text)
        self.assertNotIn("comment", text)

    def test_pod(self):
        self.assertEqual(documents.pod("=encoding utf8\n\n=head1 NAME\n\nUse B<perl> with L<the manual|perlrun>.\n\n=cut\n"), "# NAME\n\nUse perl with the manual.")

    def test_dictd(self):
        with tempfile.TemporaryDirectory() as folder:
            text = "Abacus\n   A frame with beads. [1913 Webster]\n\n   {Second} sense.\n"
            (Path(folder) / "x.dict.dz").write_bytes(gzip.compress(text.encode()))
            digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            size = len(text.encode())
            (Path(folder) / "x.index").write_text(f"00-database-short\tA\tB\nabacus\tA\t{digits[size // 64]}{digits[size % 64]}\n")
            self.assertEqual(list(dictionaries.dictd(Path(folder) / "x.index")), [("Abacus", "A frame with beads.\nSecond sense.")])

    def test_functions_are_cut_out(self):
        text, cut = sources_of_code.without_functions("import os\n\n@wrap\ndef secret(a):\n    return a\n\ndef kept():\n    return 1\n", {"secret"})
        self.assertEqual(cut, 1)
        self.assertNotIn("secret", text)
        self.assertNotIn("@wrap", text)
        self.assertIn("def kept", text)
        self.assertEqual(sources_of_code.without_functions("def (", {"x"})[0], "")

    def test_licences_and_refrains_go(self):
        text = "// -*- C++ -*-\n\n// Copyright somebody\n// more\n\n/* About this file. */\nint a;\n"
        self.assertEqual(sources_of_code.without_licence(text), "/* About this file. */\nint a;\n")
        pages = [f"Prev Next\n\nPage {i} says so.\n\nAll rights." for i in range(20)]
        self.assertEqual(documents.without_refrains(pages)[3], "Page 3 says so.")

    def test_minified_and_generated_files_are_left_out(self):
        good = "\n".join(f"def function_{'abc'[i % 3]}(value):\n    return value" for i in range(20))
        self.assertTrue(sources_of_code.worth(good))
        self.assertFalse(sources_of_code.worth("var a=1;" * 200))
        self.assertFalse(sources_of_code.worth(f"// Code generated. DO NOT EDIT\n{good}"))


class Guards(unittest.TestCase):
    QUERY = "How do I find the greatest common divisor of two very large numbers in Python quickly?"

    def guard(self) -> Guard:
        guard = Guard()
        guard.protect("questions", self.QUERY)
        guard.protect("claims", "Vitamin D deficiency raises the risk of disease.")
        guard.protect("names", "grinning face")
        guard.seal()
        return guard

    def test_takes_out_the_blocks_that_overlap_and_no_others(self):
        clean = self.guard().clean([f"Kept before.\n\nSomebody asked: {self.QUERY.upper()} It was late.\n\nKept after.", "Nothing here."])
        self.assertEqual(clean, [("Kept before.\n\nKept after.", 1), ("Nothing here.", 0)])

    def test_short_texts_are_found_whole(self):
        guard = self.guard()
        self.assertEqual(guard.overlaps(["They say vitamin D deficiency raises the risk of disease, in short.", "Vitamin D deficiency raises the cost of disease."]), 1)
        self.assertEqual(guard.unsearchable["names"], 1)

    def test_a_run_does_not_cross_from_one_text_to_the_next(self):
        words = self.QUERY.split()
        self.assertEqual([n for _, n in self.guard().clean([" ".join(words[:8]), " ".join(words[8:])])], [0, 0])

    def test_a_part_of_thirteen_words_is_enough(self):
        part = " ".join(self.QUERY.split()[1:14])
        self.assertEqual(self.guard().overlaps([part, " ".join(part.split()[:12])]), 1)


class Pairs(unittest.TestCase):
    def test_sections(self):
        body = "A list is sorted with the method sort, which works in place and returns nothing at all."
        self.assertEqual(list(pairs.sections(f"# 2.1 Sorting lists\n\n{body}\n\n# Short\n\nNo.")), [("Sorting lists", body)])

    def test_functions(self):
        python = 'class A:\n    def area(self, w, h):\n        """Return the area of a rectangle.\n\n        Args:\n            w: width\n        """\n        return w * h  # both positive\n'
        self.assertEqual(list(pairs.functions({"h": "a.py (python)", "t": python})), [("Return the area of a rectangle.", "def area(self, w, h):\n    return w * h  # both positive")])
        java = "class A {\n    /**\n     * Returns the {@code sum} of two given numbers.\n     * @param a one\n     */\n    public int sum(int a, int b) {\n        if (a > b) { return b + a; }\n        return a + b;\n    }\n}\n"
        found = list(pairs.functions({"h": "A.java (java)", "t": java}))
        self.assertEqual(found[0][0], "Returns the sum of two given numbers.")
        self.assertTrue(found[0][1].startswith("public int sum") and found[0][1].endswith("}"))
        go = "// Sum adds all of the given numbers.\nfunc Sum(a ...int) int {\n\ttotal := 0\n\tfor _, x := range a {\n\t\ttotal += x\n\t}\n\treturn total\n}\n"
        self.assertEqual(list(pairs.functions({"h": "a.go (go)", "t": go})), [("Sum adds all of the given numbers.", go[go.index("func") :].strip())])

    def test_meanings(self):
        self.assertEqual(pairs.meanings('(noun) a small dog; "the dog barked loudly"; "good dog"'), ("(noun) a small dog", "the dog barked loudly"))

    def test_calculators_marks_go(self):
        self.assertEqual(solved({"t": "She sold 48/2 = <<48/2=24>>24 clips.\n#### 24"}), ("She sold 48/2 = 24 clips.", "24"))


class Generated(unittest.TestCase):
    def test_every_equation_holds(self):
        """Whatever is written as `a op b = c` in steps and thoughts, of whole numbers, is true."""
        pattern = re.compile(r"(?<![\d.*/+^%-] )(?<![\d.])(-?\d+(?: [-+*] \d+)+) = (-?\d+)(?![\d./])")
        count = 0
        for i in range(3000):
            for text in (arithmetic.problem(Random(i))[1], reasoning.thought(Random(i), [])[1]):
                for left, right in pattern.findall(text):
                    self.assertEqual(eval(left), int(right), text)
                    count += 1
        self.assertGreater(count, 5000)

    def test_answers(self):
        for i in range(400):
            question, _, answer = arithmetic.equation(Random(i))
            left, right = question.removeprefix("Solve for x: ").split(" = ")
            x = int(answer.removeprefix("x = "))
            self.assertEqual(eval(left.replace("x", f" * {x}")), int(right))
            question, _, answer = arithmetic.factors(Random(i))
            if "prime" not in answer:
                self.assertEqual(eval(answer), int(question.split()[1]))
            question, _, answer = reasoning.guess(Random(i))
            k, target = re.search(r"x\^(\d) = (\d+)", question).groups()
            self.assertEqual(int(answer.removeprefix("x = ")) ** int(k), int(target))

    def test_the_same_seed_gives_the_same_text(self):
        self.assertEqual(reasoning.thought(Random("a"), []), reasoning.thought(Random("a"), []))


class Pictures(unittest.TestCase):
    def test_a_scene_shows_what_its_caption_says(self):
        what = {"ground": "white", "kind": "placed", "things": [{"place": "top left", "colour": "red", "shape": "square", "size": 0.18}], "jitter": [0.0] * 6}
        image = scenes.draw(what)
        self.assertEqual(image.size, (scenes.SIDE, scenes.SIDE))
        self.assertEqual(image.getpixel((30, 30)), scenes.COLOURS["red"])
        self.assertEqual(image.getpixel((80, 80)), scenes.COLOURS["white"])
        text = scenes.caption(what, Random(1))
        self.assertTrue("red square at the top left" in text and "white" in text)

    def test_a_collection_of_scenes(self):
        with tempfile.TemporaryDirectory() as folder:
            scenes.collection(Path(folder), 12)
            self.assertEqual(len((Path(folder) / "queries.jsonl").read_text().splitlines()), 12)
            self.assertEqual(len(list((Path(folder) / "images").glob("*.png"))), 12)
            self.assertEqual((Path(folder) / "qrels" / "test.tsv").read_text().splitlines()[1], "q-scene-0\tscene-0\t1")

    def test_sizes_are_those_of_the_image_processor(self):
        for height, width in [(150, 200), (200, 133), (112, 112), (168, 168), (40, 40), (500, 90)]:
            h, w = size_of(height, width)
            self.assertTrue(h % 28 == 0 and w % 28 == 0 and h * w <= MOST)


if __name__ == "__main__":
    unittest.main()
