"""Texts that are added to every prompt: joined as a person would write them, and never twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal_lines import record

from stablenew_tk.domain.config.global_texts import GlobalTexts, StageText, with_text_after, with_text_before
from stablenew_tk.domain.config.pipeline_config import STAGES
from stablenew_tk.domain.journal.record import draft_of
from stablenew_tk.domain.runs.plan import PlanPrompt

WORDS = st.sampled_from(["ink", "a boat", ",", ", ", " ", "\n", "BREAK", "AND", "<lora:ink:1>", "(red:1.2)", "text"])
TEXTS = st.lists(WORDS, max_size=6).map("".join)


@pytest.mark.parametrize(
    ("added", "prompt", "sent"),
    [
        ("masterpiece", "a boat", "masterpiece, a boat"),
        (" masterpiece,\nink, ", "a boat, sea,", "masterpiece, ink, a boat, sea,"),
        ("masterpiece", ", a boat", "masterpiece, a boat"),
        ("masterpiece", "", "masterpiece"),
        ("", " a boat ", " a boat "),
        (" , ", "a boat", "a boat"),
        ("ink", "<lora:wash:0.8> a boat", "ink, <lora:wash:0.8> a boat"),
        ("<lora:wash:0.8>", "a boat", "<lora:wash:0.8> a boat"),
        ("ink <lora:wash:0.8>", "a boat", "ink <lora:wash:0.8>, a boat"),
        ("ink", "BREAK a boat", "ink BREAK a boat"),
        ("ink BREAK", "a boat", "ink BREAK a boat"),
        ("ink", "ANDROID", "ink, ANDROID"),
    ],
)
def test_the_positive_text_comes_first(added, prompt, sent):
    assert with_text_before(prompt, added) == sent


@pytest.mark.parametrize(
    ("negative", "added", "sent"),
    [("blur", " text ", "blur, text"), ("blur,", "text,", "blur, text"), ("", "text", "text"), ("blur", "", "blur")],
)
def test_the_negative_text_comes_last(negative, added, sent):
    assert with_text_after(negative, added) == sent


@pytest.mark.parametrize("prompt", ["red ink", "red ink, a boat", "red  ink ,a boat", "red ink BREAK a boat"])
def test_a_prompt_that_begins_with_the_text_stays_as_it_is(prompt):
    assert with_text_before(prompt, "red ink") == prompt


@pytest.mark.parametrize("negative", ["blur, text", "blur,text", "text", "text, blur"])
def test_a_negative_that_has_the_text_at_an_end_stays_as_it_is(negative):
    assert with_text_after(negative, "text") == negative


def test_a_longer_word_is_not_the_text():
    assert with_text_before("inkwash", "ink") == "ink, inkwash"
    assert with_text_before("red sea", "red") == "red, red sea"
    assert with_text_after("context", "text") == "context, text"


@given(prompt=TEXTS, added=TEXTS)
def test_no_text_is_added_twice(prompt, added):
    before, after = with_text_before(prompt, added), with_text_after(prompt, added)
    assert with_text_before(before, added) == before
    assert with_text_after(after, added) == after


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_gets_what_is_switched_on_for_it(stage):
    texts = GlobalTexts(positive="ink", negative="text", positive_stages=(stage,), negative_stages=())
    assert texts.texts_for(stage, "a boat", "blur") == StageText("ink, a boat", "blur")
    others = [other for other in STAGES if other != stage]
    assert {texts.texts_for(other, "a boat", "blur") for other in others} == {StageText("a boat", "blur")}


def test_a_pack_may_want_only_one_of_them_or_none():
    texts = GlobalTexts(positive="ink", negative="text")
    wanted = [texts.for_pack(positive=on, negative=off).texts_for("txt2img", "a", "b") for on, off in ((1, 0), (0, 1))]
    assert wanted == [StageText("ink, a", "b"), StageText("a", "b, text")]


def test_what_no_stage_of_a_run_uses_is_not_in_force():
    texts = GlobalTexts(positive="ink", negative=" ,", positive_stages=("txt2img", "upscale"))
    assert texts.in_force(("txt2img", "img2img")) == GlobalTexts(
        positive="ink", positive_stages=("txt2img",), negative_stages=()
    )
    assert texts.in_force(("img2img",)).positive == ""


def test_a_plan_around_a_picture_keeps_what_was_sent_for_it():
    own = {"img2img": StageText("ink, a knight")}
    made = draft_of(record(prompt="a knight", stage_texts=own), 1)
    assert made.prompts == (PlanPrompt("p1", "a knight", "blur", own),)
