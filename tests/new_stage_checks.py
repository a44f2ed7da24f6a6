"""What is seen of a stage that was added in one file. `test_one_file.py` runs this on a copy of the package."""

from __future__ import annotations

import tkinter as tk

import pytest
from fake_webui import FakeWebUI
from jobs import SMALL, Workshop, job
from open_window import open_house

from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.sketch.backend import Sketch
from stablenew_tk.backends.webui.backend import WebUI
from stablenew_tk.domain.base.errors import Refused
from stablenew_tk.domain.config.catalogue import parameter, with_values
from stablenew_tk.domain.config.pipeline_config import STAGES, PipelineConfig, summary, work
from stablenew_tk.domain.config.sweep import focus, focuses, parse_values
from stablenew_tk.domain.insights.titles import heading
from stablenew_tk.gui.forms.form import Form
from stablenew_tk.gui.forms.stage_cards import Section
from stablenew_tk.gui.learn.wizard.parameter_step import GROUPS
from stablenew_tk.pipeline.messages.settings import SettingsSaved
from stablenew_tk.storage.settings import load_settings

ON = {"sharpen.enabled": True, "sharpen.amount": 0.75}


def below(widget, kind):
    """Every widget of a kind inside another one."""
    children = [found for child in widget.winfo_children() for found in (child, *below(child, kind))]
    return [found for found in children if isinstance(found, kind)]


def words(widget):
    """Every text that is shown inside a widget, on labels and on canvases."""
    labels = [str(label.cget("text")) for label in below(widget, tk.Label)]
    canvases = below(widget, tk.Canvas)
    return labels + [
        one.itemcget(item, "text") for one in canvases for item in one.find_all() if one.type(item) == "text"
    ]


def test_it_stands_in_the_catalogue_and_can_be_swept():
    assert STAGES == ("txt2img", "img2img", "adetailer", "upscale", "sharpen")
    assert parameter("sharpen.amount").title == "sharpen · Amount"
    assert focus("sharpen.amount") in focuses()
    assert focus("sharpen.amount").stage == "sharpen"
    assert parse_values("sharpen.amount", "0.25-0.75 (+0.25)") == (0.25, 0.5, 0.75)
    assert ("sharpen", "Sharpen") in GROUPS
    assert heading("sharpen.amount") == "Sharpen amount"
    assert summary(with_values(PipelineConfig(), ON), "sharpen") == "amount 0.75"
    assert work(with_values(PipelineConfig(), ON)) > work(PipelineConfig())


def test_create_has_a_card_for_it(tmp_path):
    with open_house(tmp_path, values=ON) as house:
        page = house.page("create")
        (card,) = [section for section in below(page, Section) if section.block.name == "sharpen"]
        assert "Sharpen" in words(card)
        house.until(lambda: "Sketch does not offer it" in words(card))
        card.toggle()
        (form,) = below(card, Form)
        assert list(form.fields) == ["sharpen.amount"]


def test_settings_ask_whether_global_texts_reach_it(tmp_path):
    with open_house(tmp_path) as house:
        added = house.page("settings").added
        assert "Sharpen" in words(added.positive)
        added.positive.stages["upscale"].act()
        house.until(lambda: house.saw(SettingsSaved))
        found = load_settings(house.controller.places.settings_file).settings
        assert found.global_positive_stages == ("txt2img", "img2img", "adetailer", "sharpen")


def test_a_record_keeps_its_values_and_why_it_was_not_made(tmp_path):
    made = Workshop(tmp_path, Sketch())
    record = made.run(job(**ON))
    assert record.stages == ("txt2img", "sharpen")
    # Before the first stage, whose picture would be made for nothing.
    assert (record.status, record.error.error, record.outputs) == ("failed", "Refused", ())
    assert "has no stage 'sharpen'" in record.error.message
    (found,) = made.records()
    assert found.record.config.sharpen.amount == 0.75


@pytest.mark.parametrize("kind", ["sketch", "forge", "a1111", "old-a1111", "sdnext", "sd-server", "koboldcpp"])
def test_every_backend_refuses_it_before_anything_is_sent(kind):
    config = with_values(PipelineConfig(), SMALL | ON)
    order = StageOrder(job_id="01J", stage="sharpen", prompt="a", negative="", seed=7, config=config, image=b"x")
    with FakeWebUI("a1111" if kind == "sketch" else kind) as fake:
        backend = Sketch() if kind == "sketch" else WebUI(fake.url)
        with pytest.raises(Refused, match=r"has no stage 'sharpen'. It has txt2img, img2img, adetailer, upscale\.$"):
            backend.generate(order)
        assert not fake.posts
        backend.close()
