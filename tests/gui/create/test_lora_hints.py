"""What is known about the LoRAs of a prompt is offered, and changes nothing until it is asked for."""

from __future__ import annotations

import json
from contextlib import contextmanager

from open_window import open_house

from stablenew_tk.gui.create.lora_hints import HintPopup

PACK = "name: Tram\nan old tram, wet cobbles <lora:rainy-streets:0.7>\n\nname: Boat\na boat <lora:unknown:1>\n"
PROFILE = {
    "type": "lora_profile",
    "lora_name": "rainy-streets",
    "trigger_phrases": ["Wet  cobbles", "neon rain"],
    "recommended_weights": [{"weight": 0.8, "rating": "best"}, {"weight": 1.2, "rating": "bad"}],
    "recommended_pairings": [{"model": "sketch-ink", "rating": "better"}, {"model": "nowhere", "rating": "best"}],
}


@contextmanager
def tram(tmp_path):
    """The Create page with a prompt whose LoRA has a profile."""
    models, packs = tmp_path / "Lora", tmp_path / "packs"
    for folder in (models, packs):
        folder.mkdir()
    (packs / "city.txt").write_text(PACK)
    (models / "rainy-streets.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    (models / "rainy-streets.loraprofile.json").write_text(json.dumps(PROFILE))
    with open_house(tmp_path, model_folders=(str(models),), pack_folders=(str(packs),), pack="city") as house:
        page = house.page("create")
        hints = page.packs.hints
        house.until(lambda: {"phrases", "weight", "checkpoint"} <= {kind(hint) for hint in hints.hints})
        yield house, page, hints


def kind(hint):
    return "phrases" if hint.phrases else "checkpoint" if hint.checkpoint else "weight"


def prompt(page):
    return page.packs.choice.prompts[0].positive


def test_missing_phrases_are_inserted_on_request_and_the_others_are_not_repeated(tmp_path):
    with tram(tmp_path) as (_house, page, hints):
        assert prompt(page) == "an old tram, wet cobbles <lora:rainy-streets:0.7>"
        hints.follow(next(hint for hint in hints.hints if hint.phrases))
        assert prompt(page) == "an old tram, wet cobbles <lora:rainy-streets:0.7>, neon rain"
        assert page.packs.text.get() == prompt(page)
        assert not any(hint.phrases for hint in hints.hints)


def test_the_recommended_weight_is_taken_with_a_click(tmp_path):
    with tram(tmp_path) as (house, page, hints):
        hints.button.invoke()
        house.frame.update()
        assert HintPopup.shared().is_open
        hints.follow(next(hint for hint in hints.hints if hint.weight is not None))
        assert "<lora:rainy-streets:0.8>" in prompt(page)
        assert not any(hint.weight for hint in hints.hints)
        HintPopup.shared().close()


def test_the_best_partner_that_is_there_is_offered(tmp_path):
    with tram(tmp_path) as (_house, page, hints):
        hints.follow(next(hint for hint in hints.hints if hint.checkpoint))
        assert page.resolved.config.checkpoint == "sketch-ink"
        assert not any(hint.checkpoint for hint in hints.hints)


def test_an_unknown_lora_is_passed_over_in_silence(tmp_path):
    with tram(tmp_path) as (house, page, hints):
        page.packs.prompts.select(1, tell=True)
        house.frame.update()
        assert hints.hints == ()
        assert not hints.button.winfo_ismapped()
