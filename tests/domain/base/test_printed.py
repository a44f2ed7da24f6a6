"""What a program prints, as lines that a person can read."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.base.printed import LONGEST_LINE, PrintedLines


@pytest.mark.parametrize(
    ("printed", "lines"),
    [
        (b"one\ntwo\r\nthree\n", ["one", "two", "three"]),
        (b"\x1b[1;31mred\x1b[0m and \x1b[38;5;10mgreen\x1b[K\n", ["red and green"]),
        (b"\x1b]0;a title\x07plain\n\x1b]0;another\x1b\\words\n", ["plain", "words"]),
        (b"  5%|#   |\r 50%|##  |\r100%|####|\n", ["100%|####|"]),
        (b"done\r\r\n", ["done"]),
        (b"a\x00b\x07c\td\n", ["abc\td"]),
        ("grün – \u2603\n".encode(), ["grün – \u2603"]),
        (b"bad \xff byte\n", ["bad \ufffd byte"]),
        (b"\n\n", ["", ""]),
    ],
)
def test_it_is_the_same_however_it_is_cut(printed, lines):
    for cut in range(1, len(printed) + 1):
        reader = PrintedLines()
        seen = [line for at in range(0, len(printed), cut) for line in reader.take(printed[at : at + cut])]
        assert seen == lines
        assert reader.unfinished == ""


def test_the_line_that_is_being_printed_shows_its_latest_state():
    reader = PrintedLines()
    assert reader.take(b"loading\n 5%|#  |\r 60%|## |") == ["loading"]
    assert reader.unfinished == " 60%|## |"


def test_a_line_without_end_is_bounded():
    reader = PrintedLines()
    for _ in range(1000):
        reader.take(b"x" * 1000)
    assert len(reader.unfinished) == LONGEST_LINE
    (line,) = reader.take(b"y" * 3000 + b"\n")
    assert len(line) == LONGEST_LINE
