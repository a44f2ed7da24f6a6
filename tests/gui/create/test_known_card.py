"""The card "What I know" of Create: values add up, each is switched off or undone, and what does not count says why."""

from __future__ import annotations

import json

import pytest
from create_page import create, rows, run_one, shown
from learning_lab import Lab, spaced
from open_window import open_house, seen

from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.journal.record import BackendInfo
from stablenew_tk.domain.runs.plan import PlanPrompt
from stablenew_tk.gui.create.preset_list import PresetPopup, PresetRow
from stablenew_tk.pipeline.messages.jobs import JobEnded

CFG, STEPS, SAMPLER = "txt2img.cfg_scale", "txt2img.steps", "txt2img.sampler"
CLASSIC = "sketch-classic"
STARS = {
    CFG: {4.0: (2, 2, 1, 2), 6.0: (5, 5, 4, 5)},
    STEPS: {6: (2, 2, 1, 2), 9: (5, 5, 4, 5)},
    SAMPLER: {"Euler a": (2, 2, 1, 2), "DPM++ 2M": (5, 5, 4, 5)},
}
VALUES = {CFG: 6.0, STEPS: 9, SAMPLER: "DPM++ 2M"}
SKETCH = BackendInfo(kind="sketch", name="Sketch", node="local")


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def learn(lab, focus, **changes):
    """A settled Learning Run about the starter pack on the sketch engine, before the window opens."""
    wish = {
        "name": f"{focus} for starter",
        "pack_id": "starter",
        "prompts": (PlanPrompt("Harbour evening", "a boat"), PlanPrompt("Last tram", "a tram")),
        "base_config": PipelineConfig(checkpoint=CLASSIC),
        "backend_kind": "sketch",
        "complete_rows": 4,
        "seeds": (0, 1, 2, 3),
    }
    plan = lab.plan(focus, tuple(STARS[focus]), 2, **wish | changes)
    lab.make(plan, backend=SKETCH)
    lab.rate(STARS[focus])
    return plan


def use(house, focus):
    """ "Use it from now on" in Insights, as the user does it."""
    page = house.page("insights")
    history = house.controller.history
    plan = next(plan for plan in history.plans.plans() if plan.focus_parameter == focus)
    page.show_plan(plan.plan_id)
    house.until(lambda: page.report is not None and page.report.plan.plan_id == plan.plan_id)
    house.until(lambda: "use" in page.panel.head.buttons and page.panel.head.buttons["use"].winfo_viewable())
    page.panel.head.buttons["use"].invoke()
    house.until(lambda: page.panel.head.buttons["use"].text == "In use · Undo")


def line(house, page, path, state=""):
    """The line of the open card about this parameter, once it is in this state."""
    if not page.known.opened:
        page.known.toggle()

    def found():
        lines = [one for one in page.known.rows if one.row is not None and one.row.path == path]
        return [one for one in lines if state in ("", one.row.state)]

    house.until(lambda: page.known.opened and found())
    return found()[0]


def in_force(page):
    return {path: shown(page, path) for path in VALUES}


class TestItGrows:
    def test_cfg_then_steps_then_sampler_add_up_in_the_form_and_in_the_record(self, tmp_path, lab):
        for focus in VALUES:
            learn(lab, focus)
        with open_house(tmp_path) as house:
            page = create(house)
            for number, focus in enumerate(VALUES, start=1):
                use(house, focus)
                house.page("create")
                house.until(lambda n=number: page.known.count.cget("text").startswith(f"{n} of"))
                assert shown(page, focus) == ("learned", VALUES[focus])
            assert in_force(page) == {path: ("learned", value) for path, value in VALUES.items()}
            run_one(house, page)
            record = house.saw(JobEnded)[-1].record
            assert {path: record.origins[path] for path in VALUES} == dict.fromkeys(VALUES, "learned")
            assert {path for one in record.presets for path in one.gave} == set(VALUES)
            assert all(one.plan_id for one in record.presets)

    def test_the_mark_of_the_field_tells_why(self, tmp_path, lab):
        learn(lab, CFG)
        with open_house(tmp_path) as house:
            use(house, CFG)
            page = create(house)
            house.until(lambda: shown(page, CFG) == ("learned", 6.0))
            assert page.field(CFG).mark.origin == "learned"
            told = rows(page, CFG)["learned"].note.replace("\N{NO-BREAK SPACE}", " ")
            assert told.startswith("known: CFG 6, ")
            assert told.endswith(" %, 8 pictures")

    def test_a_value_learned_meanwhile_is_outlined_until_its_field_is_touched_or_the_page_is_left(self, tmp_path, lab):
        learn(lab, CFG)
        learn(lab, SAMPLER)
        with open_house(tmp_path) as house:
            use(house, CFG)
            use(house, SAMPLER)
            page = create(house)
            editors = [page.field(path).editor for path in (CFG, SAMPLER, STEPS)]
            house.until(lambda: [editor.pointed_out for editor in editors] == [True, True, False])
            editors[0].field.focus_force()
            house.frame.update()
            assert [editor.pointed_out for editor in editors] == [False, True, False]
            house.page("review")
            house.page("create")
            assert not any(editor.pointed_out for editor in editors)

    def test_what_is_settled_but_not_in_use_waits_for_one_click(self, tmp_path, lab):
        plan = learn(lab, STEPS)
        with open_house(tmp_path) as house:
            house.page("insights").show_plan(plan.plan_id)
            house.until(lambda: house.controller.history.plans.result(plan.plan_id))
            page = create(house)
            house.until(lambda: "not in use yet" in page.known.line.cget("text"))
            assert shown(page, STEPS) == ("engine", 20)
            line(house, page, STEPS, "ready").press.invoke()
            house.until(lambda: shown(page, STEPS) == ("learned", 9))

    def test_with_nothing_known_it_proposes_a_question_and_takes_no_more_room_than_a_line(self, tmp_path):
        with open_house(tmp_path) as house:
            page = create(house)
            house.until(lambda: "Nothing known yet" in page.known.line.cget("text"))
            house.until(lambda: page.known.first.text == "Find the best CFG scale")
            assert not page.known.opened
            page.known.first.invoke()
            house.until(lambda: house.window.page_name == "learn")


class TestOffAndUndo:
    @pytest.fixture
    def house(self, tmp_path, lab):
        for focus in VALUES:
            learn(lab, focus)
        with open_house(tmp_path) as house:
            for focus in VALUES:
                use(house, focus)
            yield house

    def test_one_switched_off_leaves_the_others_and_comes_back(self, house):
        page = create(house)
        line(house, page, STEPS, "on").switch.invoke()
        house.until(lambda: shown(page, STEPS) == ("engine", 20))
        assert (shown(page, CFG)[0], shown(page, SAMPLER)[0]) == ("learned", "learned")
        house.until(lambda: "left out" in line(house, page, STEPS).verdict.cget("text"))
        line(house, page, STEPS, "off").switch.invoke()
        house.until(lambda: shown(page, STEPS) == ("learned", 9))

    def test_the_latest_is_undone_in_the_card_and_what_the_last_run_had_is_back(self, house):
        page = create(house)
        house.until(lambda: page.known.count.cget("text").startswith("3 of"))
        line(house, page, SAMPLER, "on")
        house.until(lambda: "DPM++ 2M" in page.known.foot.news.cget("text"))
        page.known.foot.undo.invoke()
        house.until(lambda: shown(page, SAMPLER) == ("engine", "Euler a"))
        assert (shown(page, CFG)[0], shown(page, STEPS)[0]) == ("learned", "learned")

    def test_a_preset_of_all_of_them_holds_what_is_in_use_with_its_evidence(self, house):
        page = create(house)
        line(house, page, STEPS, "on")
        page.known.foot.save.invoke()
        page.known.foot.name.set("Evenings")
        page.known.foot.keep.invoke()
        house.until(house.controller.history.plans.presets)
        (preset,) = house.controller.history.plans.presets()
        assert (preset.name, dict(preset.values)) == ("Evenings", VALUES)
        assert len({preset.evidence_of(path).plan_id for path in VALUES}) == 3

    def test_presets_are_renamed_and_deleted_in_a_list_of_their_own(self, house):
        page = create(house)
        line(house, page, STEPS, "on")
        page.known.foot.save.invoke()
        page.known.foot.name.set("Evenings")
        page.known.foot.keep.invoke()
        plans = house.controller.history.plans
        house.until(plans.presets)
        page.bar.presets.manage()
        (row,) = seen(PresetPopup.shared().window, PresetRow)
        row.rename.invoke()
        row.name.set("Nights")
        row.keep.invoke()
        house.until(lambda: [one.name for one in plans.presets()] == ["Nights"])
        page.bar.presets.manage()
        (row,) = seen(PresetPopup.shared().window, PresetRow)
        row.delete.invoke()
        house.until(lambda: not plans.presets())
        house.controller.undo()
        house.until(lambda: [one.name for one in plans.presets()] == ["Nights"])
        assert shown(page, STEPS) == ("learned", 9), "what is known stays as it is"


class TestWhereItHolds:
    @pytest.fixture
    def house(self, tmp_path, lab):
        learn(lab, STEPS)
        with open_house(tmp_path) as house:
            use(house, STEPS)
            yield house

    def test_another_checkpoint_does_not_get_it_until_the_user_says_so(self, house):
        page = create(house)
        page.change("checkpoint", "sketch-ink")
        house.until(lambda: shown(page, STEPS) == ("engine", 20))
        house.until(lambda: "not with sketch-ink" in line(house, page, STEPS).row.why)
        line(house, page, STEPS).press.invoke()
        house.until(lambda: shown(page, STEPS) == ("learned", 9))

    def test_another_engine_does_not_get_it(self, house):
        page = create(house)
        house.change(backend="http://127.0.0.1:9")
        house.until(lambda: shown(page, STEPS) == ("engine", 20))
        house.until(lambda: "sketch pictures" in rows(page, STEPS)["learned"].note)

    def test_a_pack_that_is_locked_in_does_not_get_it_and_says_so(self, house):
        page = create(house)
        house.until(lambda: shown(page, STEPS) == ("learned", 9))
        path = house.controller.places.packs / "starter.pack.json"
        path.write_text(json.dumps({"kind": "pack_settings", "version": 1, "learning": "locked"}))
        house.until(lambda: house.controller.packs.learning.get("starter") == "locked")
        house.until(lambda: shown(page, STEPS) == ("engine", 20))
        house.until(lambda: "locked in" in page.known.line.cget("text"))
        run_one(house, page)
        record = house.saw(JobEnded)[-1].record
        assert (record.config.txt2img.steps, record.presets) == (20, ())


LIGHT = "slot:light"
WORDS = "[[light]]: neon | fog\n\nname: City\na city, [[light]]\n\nname: Tram\na tram, [[light]]\n"


def test_the_best_text_of_a_slot_is_seen_wherever_the_slot_is_until_it_is_undone(tmp_path, lab):
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "words.txt").write_text(WORDS)
    (tmp_path / "packs" / ".starter-added").touch()
    prompts = (PlanPrompt("City", "a city, [[light]]"), PlanPrompt("Tram", "a tram, [[light]]"))
    with pytest.MonkeyPatch.context() as stars:
        stars.setitem(STARS, LIGHT, {"neon": (2, 2, 1, 2), "fog": (5, 5, 4, 5)})
        learn(lab, LIGHT, pack_id="words", prompts=prompts)
    with open_house(tmp_path) as house:
        use(house, LIGHT)
        page = create(house)
        house.until(lambda: page.known.count.cget("text").startswith("1 of"))
        assert (line(house, page, LIGHT, "on").row.title, line(house, page, LIGHT).row.value) == ("[[light]]", "fog")
        house.until(lambda: page.form.variants.expansion is not None)
        assert {one.prompt for one in page.form.variants.expansion.variants} == {"a city, fog", "a tram, fog"}

        line(house, page, LIGHT)
        page.known.foot.save.invoke()
        page.known.foot.name.set("Fog")
        page.known.foot.keep.invoke()
        house.until(house.controller.history.plans.presets)
        packs = house.page("packs")
        house.until(lambda: packs.work.path is not None and packs.side.check.kept.winfo_viewable())
        said = spaced(packs.side.check.kept.lines[0].cget("text"))
        assert said.startswith("[[light]] is “fog” for Words with sketch-classic, ")
        packs.side.turn("variants")
        tab = packs.side.variants
        tab.scope.set("pack")
        packs.work.expand()
        house.until(lambda: "4 variants" in tab.summary.cget("text"))
        tab.kept.as_run.invoke()
        house.until(lambda: "4 variants" not in tab.summary.cget("text") and "fog" in tab.text.get("1.0", "end"))
        assert "neon" not in tab.text.get("1.0", "end")

        house.page("learn")
        house.button("New Learning Run").invoke()
        house.until(lambda: house.says("[[light]] is “fog” in all of them, as known."))

        house.page("packs")
        tab.kept.undo[0].invoke()
        house.until(lambda: not tab.kept.winfo_viewable() and "4 variants" in tab.summary.cget("text"))
        assert not house.controller.history.plans.known.values()
        house.controller.undo()
        house.until(lambda: tab.kept.winfo_viewable())


def test_what_was_run_before_gives_way_to_it_and_is_back_after_the_undo(tmp_path, lab):
    learn(lab, STEPS)
    with open_house(tmp_path) as house:
        page = create(house)
        page.change(STEPS, 7)
        run_one(house, page)
        use(house, STEPS)
        page = create(house)
        house.until(lambda: shown(page, STEPS) == ("learned", 9))
        page.known.toggle()
        house.until(lambda: page.known.foot.news.cget("text") == "9 steps, was 7 (last run)")
        page.known.foot.undo.invoke()
        house.until(lambda: shown(page, STEPS)[1] == 7)
