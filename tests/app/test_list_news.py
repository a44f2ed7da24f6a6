"""What is said after the lists of a backend were refreshed."""

from msgspec.structs import replace

from stablenew_tk.app.engines.list_news import list_news, lists_told
from stablenew_tk.backends.base import Capabilities
from stablenew_tk.pipeline.messages.jobs import BackendChecked

BEFORE = Capabilities(kind="webui", name="Forge", checkpoints=("ink",), loras=("a", "b"), lora_aliases=("c",))


def test_what_came_and_went_is_named():
    after = replace(BEFORE, checkpoints=("photo",), loras=("a", "b", "d", "e", "f", "g"))
    said = list_news(BEFORE, after)
    assert said == "New on Forge: checkpoint photo, 4 LoRAs (d, e, f …). Gone: checkpoint ink."
    assert list_news(after, replace(after, checkpoints=())) == "Gone from Forge: checkpoint photo."


def test_nothing_new_tells_how_much_there_is():
    assert list_news(BEFORE, BEFORE) == "Nothing new on Forge: 1 checkpoint, 2 LoRAs."
    assert list_news(None, BEFORE).startswith("Nothing new")
    assert list_news(BEFORE, BEFORE, "It is busy.") == "Nothing new on Forge: 1 checkpoint, 2 LoRAs. It is busy."


def test_a_backend_that_does_not_answer_is_told():
    event = BackendChecked(address="x", capabilities=None, seconds=1.0, problem="No answer.", rescanned=True)
    assert lists_told(BEFORE, event) == "The lists could not be refreshed. No answer."
