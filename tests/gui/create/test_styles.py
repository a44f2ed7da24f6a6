"""Styles in Create: shown where the server keeps some, chosen one by one."""

from __future__ import annotations

from fake_webui import FakeWebUI
from open_window import open_house


def labels(page):
    return [entry.text for entry in page.field("styles").editor.entries]


def test_the_menu_offers_one_more_and_one_less_than_are_chosen(tmp_path):
    with FakeWebUI() as fake, open_house(tmp_path, backend=fake.url) as house:
        house.until(lambda: house.controller.capabilities is not None)
        page = house.page("create")
        house.until(page.styles.winfo_ismapped)
        assert labels(page) == ["None", "Ink", "Film"]
        page.change("styles", "Ink")
        assert labels(page) == ["None", "Ink", "and Film"]
        page.change("styles", "Ink + Film")
        assert labels(page) == ["None", "Ink + Film", "Without Ink", "Without Film"]
        assert page.resolved.config.styles == page.field("styles").editor.value == "Ink + Film"


def test_where_there_are_none_no_room_is_taken_unless_one_is_chosen(tmp_path):
    with open_house(tmp_path) as house:
        house.until(lambda: house.controller.capabilities is not None)
        page = house.page("create")
        assert not page.styles.winfo_manager()
        page.change("styles", "Ink")
        assert page.styles.winfo_manager()
        page.change("styles", "")
        assert not page.styles.winfo_manager()
