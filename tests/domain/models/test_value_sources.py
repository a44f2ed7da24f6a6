"""All sources of a run in one order, the checkpoint first, and what the settings remember of them."""

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.seed_text import parse_seed, parse_seed_count
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.models.explanation import explain
from stablenew_tk.domain.models.recommendations import FieldValue, ModelSettings, Usable
from stablenew_tk.domain.models.value_sources import PresetValues, ValueSources

STEPS, CFG = "txt2img.steps", "txt2img.cfg_scale"
PRESET = PresetValues("Usual", {STEPS: 21, "checkpoint": "inked"}, "21 is best.")


def remembering(**values):
    return Settings(last_runs={"boats\nclassic": values}, values={"checkpoint": "classic", **values})


@pytest.mark.parametrize(
    ("sources", "checkpoint"),
    [
        (ValueSources(loaded="loaded"), "loaded"),
        (ValueSources(loaded="loaded", presets=(PRESET,)), "inked"),
        (ValueSources(settings=remembering(), presets=(PRESET,)), "classic"),
        (ValueSources(pack={"checkpoint": "of the pack"}, settings=remembering()), "of the pack"),
        (ValueSources(typed={"checkpoint": "typed"}, pack={"checkpoint": "of the pack"}), "typed"),
        (ValueSources(typed={"checkpoint": ""}, loaded="loaded", presets=(PRESET,)), "loaded"),
    ],
)
def test_the_checkpoint_is_that_of_the_strongest_source(sources, checkpoint):
    assert sources.checkpoint == checkpoint


def test_a_last_run_belongs_to_its_pack_with_its_checkpoint():
    settings = Settings(last_runs={"boats\nclassic": {STEPS: 31}, "boats\ninked": {STEPS: 12}})
    for pack, loaded, found in (("boats", "classic", 31), ("boats", "inked [0123abcd]", 12), ("trams", "classic", 20)):
        sources = ValueSources(pack_id=pack, loaded=loaded, settings=settings)
        assert sources.resolve().config.txt2img.steps == found


def test_while_nobody_knows_what_is_loaded_the_newest_run_of_the_pack_counts():
    settings = Settings(last_runs={"boats\nclassic": {STEPS: 31}, "boats\ninked": {STEPS: 12}})
    assert ValueSources(pack_id="boats", settings=settings).resolve().config.txt2img.steps == 12


def test_what_this_version_cannot_work_with_is_left_out_of_everything_but_what_was_typed():
    bad = {STEPS: 99999}
    sources = ValueSources(
        pack=bad, presets=(PresetValues("Old", bad),), settings=Settings(values={}, last_runs={"\n": bad})
    )
    assert sources.resolve().origins[STEPS] == "engine"
    with pytest.raises(InvalidInput, match=STEPS):
        ValueSources(typed=bad).resolve()


def test_after_a_run_what_was_typed_is_the_last_run_and_can_be_forgotten_there_alone():
    settings = Settings(last_runs={"trams\nclassic": {STEPS: 5}})
    sources = ValueSources(pack_id="boats", loaded="classic", typed={STEPS: 41, CFG: 5.0}, settings=settings)
    after = sources.after_run()
    assert after.last_runs == {"trams\nclassic": {STEPS: 5}, "boats\nclassic": {STEPS: 41, CFG: 5.0}}
    again = ValueSources(pack_id="boats", loaded="classic", settings=after)
    assert again.resolve().origins[STEPS] == "last_run"
    assert again.forgetting(STEPS).last_runs == {"trams\nclassic": {STEPS: 5}, "boats\nclassic": {CFG: 5.0}}


def test_every_origin_says_what_it_has_or_why_it_has_nothing():
    field = FieldValue(11, "profile", "a.modelprofile.json · StableNew profile · preset night", ours=True)
    other = FieldValue(12, "profile", "a.civitai.info · Civitai · from 6 example images")
    model = ModelSettings(offers={STEPS: (field, other)})
    sources = ValueSources(
        pack_id="boats", loaded="classic", presets=(PRESET,), model=model, usable=Usable({STEPS: field})
    )
    rows = explain(sources, STEPS, words=lambda _path, value: str(value), backend_name=lambda _path, value: value)
    assert [(row.origin, row.value, row.wins) for row in rows] == [
        ("user", "", False),
        ("pack", "", False),
        ("last_run", "", False),
        ("preset", "21", True),
        ("learned", "", False),
        ("profile", "11", False),
        ("profile", "12", False),
        ("style", "", False),
        ("engine", "20", False),
    ]
    assert rows[3].note == "Usual. 21 is best."
    assert rows[1].note == "none set for Boats"
    assert rows[7].note == "no style is named for inked"
    assert (rows[6].name, rows[6].offer) == ("Another file", 12)


@pytest.mark.parametrize(("text", "seed", "count"), [("", -1, 1), (" 7 ", 7, 7)])
def test_seeds_are_whole_numbers_and_no_text_means_the_usual(text, seed, count):
    assert (parse_seed(text), parse_seed_count(text)) == (seed, count)


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "²", "18446744073709551616"])
def test_other_text_is_refused_with_the_range(text):
    with pytest.raises(InvalidInput, match="from 0 to 18,446,744,073,709,551,615"):
        parse_seed(text)
    with pytest.raises(InvalidInput, match="from 1 to 1,000"):
        parse_seed_count(text)


def test_only_what_this_journal_learned_is_called_learned():
    def field(plan_id):
        return FieldValue(11, "profile", "a.modelprofile.json · StableNew profile", ours=True, plan_id=plan_id)

    found = Usable({STEPS: field("P1"), CFG: field("P2"), "txt2img.width": field(None), "txt2img.height": field("")})
    sources = ValueSources(usable=found, own_plans=frozenset({"P1"}))
    assert sources.words == {STEPS: "learned", CFG: "learned elsewhere", "txt2img.height": "learned elsewhere"}
    rows = explain(sources, STEPS, words=lambda _path, value: str(value), backend_name=lambda _path, value: value)
    assert [(row.name, row.icon) for row in rows if row.wins] == [("Profile · learned", "star")]
