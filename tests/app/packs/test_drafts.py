"""What of a pack counts as saved, whoever writes it."""

from __future__ import annotations

from pathlib import Path

from stablenew_tk.app.packs.drafts import Drafts
from stablenew_tk.domain.prompts.pack import PromptPack
from stablenew_tk.domain.prompts.settings import PackSettings
from stablenew_tk.pipeline.messages.packs import PackLoaded, PackSaved, PackSettingsSaved

PACK = Path("/packs/rain.txt")


def loaded(text, seen, **more):
    return PackLoaded(path=PACK, pack=PromptPack("rain", ()), text=text, seen=seen, **more)


def opened(text="one", seen="1"):
    drafts = Drafts()
    drafts.loaded(loaded(text, seen))
    return drafts


def test_a_change_outside_is_taken_silently_when_there_is_nothing_of_ones_own():
    drafts = opened()
    assert drafts.loaded(loaded("two", "2")) == "theirs"
    assert drafts.of(PACK).text == "two"
    assert not drafts.unsaved


def test_own_changes_stay_when_somebody_else_writes_too():
    drafts = opened()
    drafts.typed(PACK, "mine")
    assert drafts.loaded(loaded("theirs", "2")) == "both"
    assert drafts.of(PACK).text == "mine"
    assert drafts.take_theirs(PACK).text == "theirs"
    assert not drafts.unsaved


def test_keeping_mine_writes_over_what_was_seen():
    drafts = opened()
    drafts.typed(PACK, "mine")
    drafts.loaded(loaded("theirs", "2"))
    drafts.keep_mine(PACK)
    order = drafts.to_save(PACK)
    assert (order.text, order.seen) == ("mine", "2")


def test_what_is_typed_while_saving_is_not_called_saved():
    drafts = opened()
    drafts.typed(PACK, "two")
    assert drafts.to_save(PACK).text == "two"
    assert drafts.to_save(PACK) is None
    drafts.typed(PACK, "three")
    drafts.saved(PackSaved(path=PACK, text="two", seen="2"))
    assert drafts.of(PACK).is_changed
    assert drafts.to_save(PACK).seen == "2"


def test_the_own_save_coming_back_from_the_watcher_is_no_news():
    drafts = opened()
    drafts.typed(PACK, "two")
    drafts.to_save(PACK)
    drafts.saved(PackSaved(path=PACK, text="two", seen="2"))
    drafts.typed(PACK, "more")
    assert drafts.loaded(loaded("two", "2")) == "same"
    assert drafts.of(PACK).text == "more"


def test_line_ends_of_windows_are_no_change():
    drafts = opened("a\r\nb")
    assert drafts.of(PACK).text == "a\nb"
    assert not drafts.unsaved


def test_settings_are_unsaved_until_they_are_on_disk():
    drafts = opened()
    wanted = PackSettings(learning="locked")
    drafts.chosen(PACK, wanted)
    assert drafts.settings_to_save(PACK) == wanted
    assert drafts.settings_to_save(PACK) is None
    assert drafts.of(PACK).is_unsaved
    drafts.settings_saved(PackSettingsSaved(path=PACK, settings=wanted))
    assert not drafts.unsaved


def test_a_refused_save_keeps_everything_and_can_be_tried_again():
    drafts = opened()
    drafts.typed(PACK, "two")
    drafts.to_save(PACK)
    drafts.refused(PACK, "the disk is full")
    assert drafts.of(PACK).refused == "the disk is full"
    assert drafts.to_save(PACK).text == "two"


def test_a_predecessors_pack_goes_on_as_its_text_file_with_nothing_left_to_save():
    drafts, old = Drafts(), PACK.with_suffix(".json")
    drafts.loaded(PackLoaded(path=old, pack=PromptPack("rain", ()), text="one", seen="1"))
    drafts.typed(old, "two")
    assert drafts.to_save(old).text == "two"
    drafts.saved(PackSaved(path=PACK, text="two", seen="2"))
    assert not drafts.unsaved
    assert drafts.of(PACK).text == "two"
    assert drafts.of(old) is None
