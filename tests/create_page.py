"""The Create page in tests: open it, read a value with its origin, choose another pack, run one prompt."""

from __future__ import annotations

from stablenew_tk.pipeline.messages.jobs import JobEnded

STEPS = "txt2img.steps"


def create(house):
    page = house.page("create")
    house.until(lambda: page.packs.choice.pack is not None and house.controller.capabilities is not None)
    return page


def shown(page, path=STEPS):
    return page.resolved.origins[path], getattr(*_leaf(page.resolved.config, path))


def _leaf(config, path):
    group, name = path.split(".")
    return getattr(config, group), name


def rows(page, path=STEPS):
    return {row.origin: row for row in reversed(page.form.values.why(path))}


def stand_at_harbour(house, page):
    """Write a second pack and choose it."""
    (house.controller.places.packs / "Harbour.txt").write_text("a quay\n")
    house.until(lambda: house.controller.packs.find("Harbour"))
    page.packs.choose("Harbour")
    house.until(lambda: page.packs.choice.pack is not None and page.packs.choice.pack.pack_id == "Harbour")


def run_one(house, page):
    ended = len(house.saw(JobEnded))
    page.packs.choose_all(False)
    page.packs.turn(0)
    page.run()
    house.until(lambda: len(house.saw(JobEnded)) == ended + 1 and house.idle())
