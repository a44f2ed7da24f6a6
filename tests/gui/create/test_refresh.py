"""F5 in Create asks the backend for its lists anew, and the bar below says what is new."""

from __future__ import annotations

import pytest
from fake_webui import FakeWebUI
from open_window import open_house

from stablenew_tk.pipeline.messages.jobs import ListsTold


@pytest.fixture
def fake():
    with FakeWebUI() as server:
        yield server


def said(house):
    return house.window.bottom.text.cget("text")


def test_a_new_checkpoint_is_in_the_menu_after_f5_and_the_bar_names_it(tmp_path, fake):
    with open_house(tmp_path, backend=fake.url) as house:
        house.until(lambda: house.controller.capabilities is not None)
        page = house.page("create")
        page.packs.prompts.focus_set()
        fake.put("checkpoint", "new_model")
        house.key("<F5>")
        house.until(lambda: "new_model" in said(house))
        assert said(house).startswith("New on Forge")
        assert "new_model" in [entry.value for entry in page.field("checkpoint").editor.entries]
        house.key("<F5>")
        house.until(lambda: said(house).startswith("Nothing new on Forge"))
        assert house.saw(ListsTold)[0].message == "Asking the backend for its lists…"


def test_it_works_while_a_text_is_typed(tmp_path, fake):
    with open_house(tmp_path, backend=fake.url) as house:
        house.until(lambda: house.controller.capabilities is not None)
        page = house.page("create")
        page.seeds.seed_entry.field.focus_force()
        house.key("<F5>")
        house.until(lambda: said(house).startswith("Nothing new on Forge"))
        assert page.seeds.seed_entry.get() == ""


def test_a_server_that_is_away_is_told(tmp_path, fake):
    with open_house(tmp_path, backend=fake.url) as house:
        house.until(lambda: house.controller.capabilities is not None)
        house.page("create").packs.prompts.focus_set()
        fake.go_down()
        house.key("<F5>")
        house.until(lambda: said(house).startswith("The lists could not be refreshed."))
