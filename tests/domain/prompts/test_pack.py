"""Packs as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablenew_tk.domain.prompts.pack import MOST_PROBLEMS, Slot, parse_pack, spot, successors, values_in


def test_a_blank_line_separates_prompts_and_lines_are_joined():
    pack = parse_pack("a tram\nin the rain\n\na boat", "p")
    assert [prompt.positive for prompt in pack.prompts] == ["a tram in the rain", "a boat"]


@pytest.mark.parametrize("separator", ["\n\n", "\r\n\r\n", "\n   \n", "\n\t\n\n\n", "\r\r"])
def test_every_kind_of_separator_line_works(separator):
    assert len(parse_pack(f"one{separator}two", "p").prompts) == 2


def test_comments_names_and_negatives_never_reach_the_prompt():
    pack = parse_pack("\ufeff# intro\nname: Alley One\nan alley\nNEG: blurry\nneg: text", "p")
    (prompt,) = pack.prompts
    assert (prompt.name, prompt.positive, prompt.negative) == ("Alley One", "an alley", "blurry, text")


def test_text_after_a_negative_is_warned_about_with_its_line():
    pack = parse_pack("a boat\nneg: blurry\n  watermark", "p")
    assert pack.prompts[0].positive == "a boat watermark"
    assert [(w.line, w.column) for w in pack.warnings] == [(3, 3)]
    assert "goes on with the negative" in pack.warnings[0].message


def test_a_prompt_without_text_is_an_error_with_its_line():
    pack = parse_pack("good\n\nneg: only", "p")
    assert [problem.line for problem in pack.errors] == [3]
    assert len(pack.prompts) == 1


def test_an_empty_pack_says_how_to_write_one():
    assert "blank line" in parse_pack("# nothing\n\n", "p").errors[0].message


def test_webui_syntax_passes_through_untouched():
    text = "(ink:1.2) [cat:dog:0.4] <lora:ink__wash:0.8> BREAK {a|b} \\(paren\\) x\u2028y"
    assert parse_pack(text, "p").prompts[0].positive == text


class TestPlaces:
    TEXT = "\ufeff# intro\r\n  an old tram\r\n[[light]]: dawn\r\n<lora:x:1>\r\nneg:  blurry\r\n\tneg: text\r\n"

    def test_every_letter_of_a_joined_text_knows_its_line_and_column(self):
        (prompt,) = parse_pack(self.TEXT, "p").prompts
        assert prompt.positive == "an old tram <lora:x:1>"
        assert spot(prompt.positive_at, prompt.positive.index("old")) == (2, 6)
        assert spot(prompt.positive_at, prompt.positive.index("x:1")) == (4, 7)

    def test_columns_count_from_the_line_also_behind_neg(self):
        (prompt,) = parse_pack(self.TEXT, "p").prompts
        assert prompt.negative == "blurry, text"
        assert spot(prompt.negative_at, 0) == (5, 7)
        assert spot(prompt.negative_at, prompt.negative.index("text")) == (6, 7)

    def test_a_text_that_stands_in_no_file_is_one_line(self):
        assert spot((), 4) == (1, 5)

    @given(st.text(alphabet=" \t\r\n#neg:ab,|[]"))
    def test_what_a_place_says_stands_there(self, text):
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for prompt in parse_pack(text, "p").prompts:
            for joined, at in ((prompt.positive, prompt.positive_at), (prompt.negative, prompt.negative_at)):
                for place in at:
                    line, column = spot(at, place.offset)
                    assert lines[line - 1][column - 1 :].startswith(joined[place.offset : place.offset + 1])


class TestSlots:
    def test_a_line_of_its_own_defines_a_slot_for_the_whole_pack(self):
        pack = parse_pack("[[light]]: dawn | neon\n\na tram, [[light]]\n[[mood]] = calm\nneg: text\n", "p")
        assert pack.slots == (Slot("light", ("dawn", "neon"), line=1), Slot("mood", ("calm",), line=4))
        assert [(prompt.positive, prompt.negative) for prompt in pack.prompts] == [("a tram, [[light]]", "text")]
        assert not pack.warnings

    def test_a_slot_inside_a_text_is_text(self):
        assert parse_pack("a [[light]]: tram", "p").slots == ()

    def test_values_are_not_parted_inside_braces_nor_at_an_escaped_bar(self):
        assert values_in(r"a | {b|c {d|e}} | [f|g] | h\|i | \(j\)") == ("a", "{b|c {d|e}}", "[f|g]", "h|i", r"\(j\)")

    def test_one_value_that_is_the_name_of_a_file_means_its_lines(self):
        pack = parse_pack("[[light]]: moods/Light.TXT\n[[b]]: x.json\n[[c]]: a.txt | b\n\na tram", "p")
        assert [(slot.file, slot.values) for slot in pack.slots] == [
            ("moods/Light", ()),
            ("x", ()),
            ("", ("a.txt", "b")),
        ]

    @pytest.mark.parametrize("line", ["[[light]]:", "[[light]]: dusk", f"[[{'x' * 201}]]: a", "[[ ]]: a"])
    def test_a_definition_that_cannot_be_used_is_told_with_its_line(self, line):
        pack = parse_pack(f"a tram\n\n[[light]]: dawn\n{line}", "p")
        assert pack.slots == (Slot("light", ("dawn",), line=3),)
        assert [warning.line for warning in pack.warnings] == [4]


class TestNames:
    def test_names_are_unique_within_a_pack_and_doubles_are_told(self):
        pack = parse_pack("name: Boat\na\n\nname: boat\nb\n\nname: Boat\nc", "p")
        assert len({prompt.prompt_id.casefold() for prompt in pack.prompts}) == 3
        assert [warning.line for warning in pack.warnings] == [4, 7]

    def test_prompts_without_a_name_may_begin_alike(self):
        pack = parse_pack("a boat\n\na boat", "p")
        assert len({prompt.prompt_id for prompt in pack.prompts}) == 2
        assert not pack.warnings

    @pytest.mark.parametrize(
        ("name", "clean"),
        [("a/b: c?", "a-b- c-"), ("..", "a boat"), ('<>:"|', "a boat"), ("Alley  No. 1", "Alley No. 1")],
    )
    def test_what_no_file_name_may_hold_is_taken_out(self, name, clean):
        assert parse_pack(f"name: {name}\na boat", "p").prompts[0].name == clean

    def test_a_second_name_is_told_and_never_sent(self):
        pack = parse_pack("name: One\na boat\nname: Two", "p")
        assert (pack.prompts[0].name, pack.prompts[0].positive) == ("One", "a boat")
        assert [warning.line for warning in pack.warnings] == [3]

    def test_tags_in_front_make_no_name(self):
        assert parse_pack("<embedding:soft> <lora:x:1>\nan old tram", "p").prompts[0].name == "an old tram"


class TestSuccessors:
    def ids(self, before, after):
        return successors(parse_pack(before, "p").prompts, parse_pack(after, "p").prompts)

    def test_a_prompt_whose_text_was_edited_goes_on_under_its_new_name(self):
        assert self.ids("a\n\nb\n\nc", "a\n\nb in rain\n\nc") == {"a": "a", "b": "b in rain", "c": "c"}

    def test_added_moved_and_removed_prompts_are_told_apart(self):
        assert self.ids("a\n\nb\n\nc", "new\n\nc\n\na") == {"a": "a", "c": "c"}


@given(st.text())
def test_no_text_breaks_the_reader(text):
    pack = parse_pack(text, "p")
    assert pack.prompts or pack.errors
    assert all(prompt.positive for prompt in pack.prompts)


@pytest.mark.parametrize(
    ("text", "many"), [("{whole|part} b c d\n" * 20_000, "379,999"), ("a boat\nneg: " + "x" * 250_000, "250,000")]
)
def test_a_prompt_that_no_server_would_read_is_told_and_is_not_read(text, many):
    pack = parse_pack(f"first\n\n{text}\n\nlast", "p")
    assert [prompt.name for prompt in pack.prompts] == ["first", "last"]
    assert pack.errors[0].line == 3
    assert pack.errors[0].message.split(". ")[0] == f"This prompt has {many} characters, 200,000 is the most"


def test_a_long_text_of_mistakes_is_told_in_a_few_sentences():
    pack = parse_pack("a\nneg: b\n" + "c\n" * 50_000, "p")
    assert len(pack.warnings) == MOST_PROBLEMS + 1
    assert "more of this kind" in pack.warnings[-1].message
