import io

import pytest
from conftest import wait_until
from journal_lines import new_id, output, rate, record, undo
from learning_lab import spaced
from msgspec.structs import replace
from open_window import choose_file
from PIL import Image

from stablenew_tk.app.controller import Controller
from stablenew_tk.app.create.form_values import FormValues
from stablenew_tk.app.create.preset_choice import PresetChoice
from stablenew_tk.app.create.preset_text import evidence_words
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.insights.matrix import board, whole_board
from stablenew_tk.domain.insights.report import report
from stablenew_tk.domain.insights.result import due_result
from stablenew_tk.domain.journal.record import BackendInfo
from stablenew_tk.domain.models.preset_scope import PresetScope
from stablenew_tk.domain.models.profile import ModelProfile
from stablenew_tk.domain.runs.job import LearningTag, RandomizerChoice
from stablenew_tk.domain.runs.plan import (
    LearningPlan,
    LearningRunResult,
    PlanCell,
    PlanPrompt,
    ResultSummary,
    config_for,
)
from stablenew_tk.domain.runs.preset import Preset, PresetEvidence
from stablenew_tk.gui.create.run_bar import PresetMenu
from stablenew_tk.gui.insights.page import InsightsPage
from stablenew_tk.gui.widgets.basics import Button
from stablenew_tk.gui.widgets.popups import Menu
from stablenew_tk.pipeline.messages.journal import AppendLines, LineSaved
from stablenew_tk.pipeline.messages.models import ProfileSaved
from stablenew_tk.pipeline.messages.plans import InsightReady
from stablenew_tk.storage.disk.places import find_places
from stablenew_tk.storage.journal.snapshot import load_history
from stablenew_tk.storage.journal.writer import LearningRecordWriter

CLEAR = ((1, 2, 2, 2, 2), (3, 3, 3, 3, 3), (5, 5, 5, 4, 5))
LEANING = ((2, 2, 3), (3, 4, 3), (3, 3, 4))
EARLY = ((2,), (3,), (5,))


def plan(plan_id, path="txt2img.steps", values=(12, 28, 44), *, rows=5, pack="Rain city", blind=False, name=""):
    base = with_values(PipelineConfig(checkpoint="one"), {"hires.enabled": path.startswith("hires.")})
    return LearningPlan(
        event_id=new_id(),
        ts="2026-01-01T00:00:00.000Z",
        plan_id=plan_id,
        name=name or plan_id,
        focus_parameter=path,
        pack_id=pack,
        prompts=(PlanPrompt("Tram", "a tram"),),
        base_config=base,
        variant_values=values,
        images_per_variant=rows,
        seeds=tuple(range(1, rows + 1)),
        blind=blind,
        backend_kind="sketch",
        run_name="120000-plan",
        run_day="2026-01-01",
    )


def picture():
    out = io.BytesIO()
    Image.new("RGB", (64, 96), (90, 80, 120)).save(out, "PNG")
    return out.getvalue()


class Study:
    """An insights page over a real controller and a real journal of plans, pictures and ratings."""

    def __init__(self, root, folder):
        self.root = root
        self.places = find_places(str(folder), {}, None)
        self.places.outputs.mkdir(parents=True)
        (self.places.outputs / "one.png").write_bytes(picture())
        self.writer = LearningRecordWriter(self.places.journal)
        self.went, self.opened, self.drafts, self.reviewed, self.saved = [], [], [], [], []
        self.controller, self.events = None, []

    def made(self, plan, table, *, twice=(), failed=(), suspect=(), pixels=""):
        """Record a plan, all its pictures, and the stars of `table` (value by value)."""
        self.writer.append(plan)
        for cell in plan.cells():
            doubt = ("black",) if cell in suspect else ()
            image = output(
                image_id=f"{plan.plan_id} {cell.variant} {cell.row}", path="one.png", suspect=doubt, pixels=pixels
            )
            value = plan.tested[cell.variant]
            tag = LearningTag(
                mode="active", plan_id=plan.plan_id, step_id=plan.step_id(cell), value=value, row=cell.row
            )
            self.writer.append(
                record(
                    run_id=plan.plan_id,
                    pack_id=plan.pack_id,
                    outputs=() if cell in failed else (image,),
                    learning=tag,
                    config=config_for(plan, value),
                    seconds=4.0,
                    backend=BackendInfo(kind=plan.backend_kind, name="Sketch"),
                    status="failed" if cell in failed else "ok",
                )
            )
            stars = table[cell.variant][cell.row : cell.row + 1]
            if stars and cell not in failed:
                self.writer.append(rate(image, stars[0]))
        for (variant, row), stars in twice:
            self.writer.append(rate(f"{plan.plan_id} {variant} {row}", stars, repeat=True))

    def daily(self, count, stars):
        """Record everyday pictures of one pack whose [[light]] goes round; `stars` by light."""
        for number in range(count):
            light = sorted(stars)[number % len(stars)]
            image = output(path="one.png")
            self.writer.append(
                record(
                    run_id=f"RUN {number // 6}",
                    pack_id="Rain city",
                    checkpoint="one",
                    seed=number,
                    outputs=(image,),
                    randomizer=RandomizerChoice(choices={"[[light]]": light}),
                )
            )
            self.writer.append(rate(image, stars[light]))

    def open(self, **settings):
        self.controller = Controller(self.places, Settings(**settings))
        self.page = InsightsPage(
            self.root,
            self.controller,
            go=self.went.append,
            open_plan=self.opened.append,
            new_run=self.drafts.append,
            review_run=self.reviewed.append,
        )
        self.page.pack(fill="both", expand=True)
        self.controller.subscribe(self.page.on_event)
        self.controller.subscribe(self.events.append)
        self.controller.subscribe(lambda event: self.saved.append(event) if isinstance(event, LineSaved) else None)
        self.controller.open()
        self.until(lambda: self.controller.history is not None and self.controller.capabilities is not None)
        self.page.shown()
        return self

    def show(self, plan_id):
        self.page.show_plan(plan_id)
        self.until(lambda: self.page.report is not None)
        self.root.update()

    def until(self, condition):
        wait_until(condition, step=lambda: (self.controller.pump(), self.root.update()))

    @property
    def head(self):
        return self.page.panel.head

    @property
    def buttons(self):
        return {key: button for key, button in self.head.buttons.items() if button.winfo_manager()}

    def listed(self):
        return [
            entry.title if entry.caption else (entry.title, entry.note, entry.count) for entry in self.page.list.entries
        ]

    def words(self):
        """Every word that can be read on the page."""
        found, waiting = [], [self.page]
        while waiting:
            widget = waiting.pop()
            waiting += widget.winfo_children()
            if widget.winfo_class() == "Canvas" and widget.winfo_viewable():
                found += [widget.itemcget(i, "text") for i in widget.find_all() if widget.type(i) == "text"]
            elif widget.winfo_class() == "Label" and widget.winfo_viewable():
                found.append(str(widget.cget("text")))
        return found


def choose(field, words):
    """Open a menu and choose the entry with these words, by keys."""
    field.update()
    field.act()
    canvas = Menu.shared().canvas
    canvas.event_generate("<Home>")
    for _ in range([entry.text for entry in field.entries].index(words)):
        canvas.event_generate("<Down>")
    canvas.event_generate("<Return>")
    field.update()


def choose_line(study, title):
    """Go to a line of the list by keys."""
    entries = study.page.list.entries
    place = next(number for number, entry in enumerate(entries) if entry.title == title)
    study.page.list.canvas.focus_force()
    study.root.update()
    for key in ("<Home>", *["<Down>"] * sum(not entry.caption for entry in entries[:place])):
        study.page.list.canvas.event_generate(key)
    study.root.update()


def pictures_on(canvas):
    """How many thumbnails of a strip are drawn; the stars below them are images, too."""
    shown = [item for item in canvas.find_all() if canvas.type(item) == "image" and canvas.itemcget(item, "image")]
    return sum(canvas.bbox(item)[3] - canvas.bbox(item)[1] > 40 for item in shown)


def press_button(widget, words):
    """Press the button with these words, wherever it stands in the widget."""
    waiting = [widget]
    while waiting:
        found = waiting.pop()
        waiting += found.winfo_children()
        if isinstance(found, Button) and found.text == words and found.winfo_viewable():
            found.invoke()
            return
    pytest.fail(f"there is no button {words}")


@pytest.fixture
def study(root, tmp_path):
    made = Study(root, tmp_path / "data")
    yield made
    if made.controller is not None:
        made.controller.close()


def test_the_sentence_stands_over_the_chart_with_its_scope_and_what_it_stands_on(study):
    study.made(plan("steps"), CLEAR)
    study.open().show("steps")
    report = study.page.report
    assert study.head.headline.cget("text") == report.verdict.headline
    number, claim = study.head.figure.number.cget("text"), study.head.figure.claim.cget("text")
    rest = study.head.meaning.cget("text").removeprefix("Holds")
    assert (number, report.verdict.meaning.endswith(f"{claim}{rest}")) == ("> 99\N{NO-BREAK SPACE}%", True)
    assert spaced(report.verdict.headline) == "Take 44 steps."
    assert study.head.scope.cget("text") == "Rain city · Tram · one · sketch pictures"
    assert "15 of 15 pictures rated on 5 seeds" in study.head.remark.cget("text")
    assert study.page.panel.chart.selected == 2, "the value the verdict names"


def test_plans_stand_by_pack_with_verdict_and_number_of_rated_pictures(study):
    study.made(plan("steps"), CLEAR)
    study.made(plan("denoise", "hires.denoise", (0.2, 0.3, 0.4), pack="Harbour", rows=1), EARLY)
    study.open()
    study.until(lambda: ("Steps", "Take 44\N{NO-BREAK SPACE}steps", "15") in study.listed())
    assert study.listed() == [
        "Harbour",
        ("Hires denoise", "Too early: 3 of 3 rated", "3"),
        "Rain city",
        ("Steps", "Take 44\N{NO-BREAK SPACE}steps", "15"),
    ]


def test_two_plans_about_the_same_are_told_apart_by_their_names(study):
    study.made(plan("one", name="Steps 12 to 44", rows=1), EARLY)
    study.made(plan("two", name="Steps again", rows=1), EARLY)
    study.open()
    assert [line[0] for line in study.listed()[1:]] == ["Steps again", "Steps 12 to 44"]


def test_a_stored_result_is_enough_for_a_dot(study):
    study.made(plan("steps"), CLEAR)
    words = {"sentence": "Take 28 steps. 94 % that nothing is better.", "headline": "Take 28 steps."}
    summary = ResultSummary(state="settled", value=28, probability=0.94, rated=15, rows=5, **words)
    study.writer.append(LearningRunResult(event_id=new_id(), ts="", plan_id="steps", steps=(), summary=summary))
    study.made(plan("cfg", "txt2img.cfg_scale", (4.0, 5.0, 6.0), pack="Harbour"), CLEAR)
    study.open().show("cfg")
    assert ("Steps", "Take 28 steps", "15") in study.listed()


def test_too_early_shows_no_mean_and_asks_for_the_rest(study):
    study.made(plan("steps", rows=3), EARLY)
    study.open().show("steps")
    assert "–" in study.words()
    assert "Too early" in study.words()
    assert study.head.buttons["preset"].text == "Make preset by hand…"
    study.head.buttons["rate"].invoke()
    assert study.opened == ["steps"]


def test_equal_pictures_need_no_stars_and_the_likely_reason_is_told(study):
    study.made(plan("P"), ((), (), ()), pixels="the same")
    study.open().show("P")
    words = " ".join(study.words())
    assert study.head.headline.cget("text") == "No difference at all: the pictures are the same."
    assert study.head.meaning.cget("text").startswith("Take any for ")
    assert "had no effect." in words
    assert [line[1] for line in study.listed() if isinstance(line, tuple)] == ["No difference at all"]
    assert "too early" not in words.casefold()
    assert "rate" not in study.buttons


def test_a_blind_plan_leaks_nothing_before_it_is_revealed(study):
    study.made(plan("steps", "txt2img.scheduler", ("karras", "simple", "exponential"), blind=True), CLEAR)
    study.made(plan("later", rows=1), EARLY)
    study.open()
    study.page.show_plan("steps")
    study.until(lambda: any(isinstance(event, InsightReady) and event.plan_id == "later" for event in study.events))
    study.root.update()
    said = " ".join(study.words())
    assert ("Scheduler", "blind: rate it first", "15") in study.listed()
    assert not any(name in said for name in ("karras", "simple", "exponential", "best", "%"))
    assert study.page.report is None
    assert not study.page.panel.evidence.winfo_manager()
    study.head.buttons["rate"].invoke()
    assert study.opened == ["steps"]


def test_once_revealed_a_blind_plan_shows_all_and_hides_it_again_when_that_is_taken_back(study):
    study.made(plan("steps", blind=True), CLEAR)
    study.open().page.show_plan("steps")
    assert study.page.report is None
    study.controller.learning.conclude(report(board(study.controller.history, "steps")))
    study.until(lambda: study.page.report is not None)
    assert study.page.panel.evidence.winfo_manager()
    result = study.controller.history.plans.result("steps")
    study.controller.ask(AppendLines(lines=(undo(result),)))
    study.until(lambda: not study.page.panel.evidence.winfo_manager())
    assert study.page.report is None


def test_an_answer_about_a_blind_plan_that_another_page_asked_for_is_not_kept(study):
    study.made(plan("steps", blind=True), CLEAR)
    study.made(plan("open"), CLEAR)
    study.open().show("open")
    study.page.on_event(InsightReady(plan_id="steps", report=study.page.report))
    study.page.show_plan("steps")
    assert study.page.report is None
    study.controller.learning.conclude(report(board(study.controller.history, "steps")))
    study.until(lambda: study.page.report is not None)
    assert study.page.report.plan.plan_id == "steps", "it is worked out anew"


def test_more_images_queues_exactly_the_pictures_that_would_tell_most(study):
    study.made(plan("steps", rows=3), LEANING)
    study.open().show("steps")
    study.controller.pause(True)
    wanted = [(cell.variant, cell.row) for cell in study.page.report.next]
    assert study.buttons["more"].text == f"{len(wanted)} more pictures would tell most"
    study.buttons["more"].invoke()
    values = study.page.report.plan.variant_values
    queued = [(values.index(job.learning.value), job.learning.row) for job in study.controller.queue]
    assert sorted(queued) == sorted(wanted)
    assert len(queued) == 3
    study.until(lambda: study.head.buttons["more"].text == "3 pictures on the way")
    assert not study.head.buttons["more"].enabled
    assert study.head.notice.cget("text").startswith("3 pictures queued.")
    study.until(lambda: study.head.notice.winfo_viewable())
    study.controller.cancel()
    study.until(lambda: not study.head.notice.winfo_viewable())


def test_one_click_uses_a_verdict_from_now_on_and_one_more_takes_it_back(study):
    study.made(plan("steps"), CLEAR)
    study.open().show("steps")
    button = study.buttons["use"]
    assert button.text == "Use it from now on"
    wide = button.winfo_reqwidth()
    button.invoke()
    study.until(lambda: study.head.buttons["use"].text == "In use · Undo")
    assert button.winfo_reqwidth() == wide, "what stands beside it does not move"
    (known,) = study.controller.history.plans.known.values()
    assert (known.path, known.value, known.on) == ("txt2img.steps", 44, True)
    assert known.scope == PresetScope("Rain city", ("Tram",), "one", engine="sketch")
    assert (known.evidence.plan_id, known.evidence.by_hand) == ("steps", False)
    assert "In use from now on: 44 steps for Tram of Rain city with one" in study.head.notice.cget("text")
    study.head.buttons["use"].invoke()
    study.until(lambda: study.head.buttons["use"].text == "Use it from now on")
    assert study.controller.history.plans.known.values() == ()
    study.controller.undo()
    study.until(lambda: study.head.buttons["use"].text == "In use · Undo")


def test_what_is_not_settled_cannot_be_used_by_one_click(study):
    study.made(plan("steps", rows=3), LEANING)
    study.open().show("steps")
    assert "use" not in study.buttons


def test_a_preset_is_on_disk_before_the_page_says_saved_and_undo_takes_it_away(study):
    study.made(plan("steps"), CLEAR)
    study.open().show("steps")
    study.buttons["preset"].invoke()
    assert study.head.form.name.get() == "Rain city · 44 steps"
    study.head.form.button.invoke()
    study.root.update()
    assert study.head.notice.cget("text") == "", "nothing is said before it is on disk"
    study.until(lambda: study.head.notice.cget("text") == "Saved as preset Rain city · 44 steps.")
    (kept,) = study.controller.history.plans.presets()
    assert any(event.line == replace(kept, writer=event.line.writer, seq=event.line.seq) for event in study.saved)
    assert kept.values == {"txt2img.steps": 44}
    assert (kept.pack_id, kept.checkpoint, kept.evidence.plan_id) == ("Rain city", "one", "steps")
    study.head.undo.invoke()
    study.until(lambda: not study.controller.history.plans.presets())
    study.until(lambda: "taken back" in study.head.notice.cget("text"))
    study.controller.undo(redo=True)
    study.until(lambda: "Saved as preset" in study.head.notice.cget("text"))


def test_a_preset_holds_for_what_was_tested_and_used_from_now_on_it_is_in_force_there(study):
    study.made(plan("steps"), CLEAR)
    study.open().show("steps")
    study.controller.change_settings(replace(study.controller.settings, backend="http://127.0.0.1:9"))
    study.buttons["preset"].invoke()
    study.head.form.button.invoke()
    study.until(study.controller.history.plans.presets)
    (kept,) = study.controller.history.plans.presets()
    assert kept.scope == PresetScope("Rain city", ("Tram",), "one", engine="sketch")
    study.until(study.head.use.winfo_viewable)
    study.head.use.invoke()
    assert study.controller.settings.presets == (kept.preset_id,)
    words = "in force for Tram of Rain city with one, on sketch pictures."
    assert f"{words} It is left out while a WebUI makes the pictures." in study.head.notice.cget("text")


def test_a_second_value_is_added_to_a_preset_that_was_learned_for_the_same_and_to_no_other(study):
    study.made(plan("steps"), CLEAR)
    study.made(plan("cfg", "txt2img.cfg_scale", (4.0, 5.0, 6.0)), CLEAR)
    study.made(plan("fog", "txt2img.cfg_scale", (4.0, 5.0, 6.0), pack="Fog"), CLEAR)
    study.open().show("steps")
    study.buttons["preset"].invoke()
    assert not study.head.form.target.winfo_manager(), "there is none to add to"
    study.head.form.button.invoke()
    study.until(study.controller.history.plans.presets)
    study.show("fog")
    study.buttons["preset"].invoke()
    assert not study.head.form.target.winfo_manager()
    study.show("cfg")
    study.buttons["preset"].invoke()
    choose(study.head.form.target, "Add to Rain city · 44 steps")
    assert not study.head.form.name.winfo_manager(), "it has its name"
    study.head.form.button.invoke()
    study.until(lambda: len(study.controller.history.plans.presets()[0].values) == 2)
    (grown,) = study.controller.history.plans.presets()
    assert grown.values == {"txt2img.steps": 44, "txt2img.cfg_scale": 6.0}
    proofs = [grown.evidence_of(path).plan_id for path in grown.values]
    assert proofs == ["steps", "cfg"]
    study.until(lambda: "Saved in preset Rain city · 44 steps." in study.head.notice.cget("text"))
    study.head.undo.invoke()
    study.until(lambda: len(study.controller.history.plans.presets()[0].values) == 1)


def test_what_was_found_out_is_written_into_the_checkpoints_profile_and_taken_back(study, tmp_path):
    shelf = tmp_path / "models"
    shelf.mkdir()
    (shelf / "one.safetensors").write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    study.made(replace(plan("steps"), backend_kind="webui"), CLEAR)
    study.open(model_folders=(str(shelf),))
    study.until(study.controller.models.entries)
    study.show("steps")
    study.buttons["profile"].invoke()
    study.until(lambda: study.head.notice.cget("text") == "Written to one.modelprofile.json.")
    assert '"steps": 44' in (shelf / "one.modelprofile.json").read_text()
    study.head.undo.invoke()
    study.until(lambda: not (shelf / "one.modelprofile.json").exists())


def test_after_a_profile_could_not_be_written_one_saved_elsewhere_is_not_claimed_as_ours(study, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("one", "another"):
        (folder / f"{name}.safetensors").write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    (folder / "one.modelprofile.json").write_text("{ half of")
    study.made(replace(plan("steps"), backend_kind="webui"), CLEAR)
    study.open(model_folders=(str(folder),))
    study.until(lambda: len(study.controller.models.entries()) == 2)
    study.show("steps")
    study.buttons["profile"].invoke()
    study.until(lambda: "one.modelprofile.json" in study.head.notice.cget("text"))
    study.controller.models.save_model_profile(folder / "another.safetensors", ModelProfile(model_name="another"))
    study.until(lambda: (folder / "another.modelprofile.json").exists())
    study.until(lambda: any(isinstance(event, ProfileSaved) for event in study.events))
    assert "another" not in study.head.notice.cget("text")
    assert not study.head.undo.winfo_viewable()


def test_a_rehearsal_with_sketches_is_not_written_into_a_profile(study, tmp_path):
    (tmp_path / "one.safetensors").write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    study.made(plan("steps"), CLEAR)
    study.open(model_folders=(str(tmp_path),))
    study.until(study.controller.models.entries)
    study.show("steps")
    assert "profile" not in study.buttons


def test_after_another_rating_the_page_no_longer_offers_to_undo_the_preset(study):
    study.made(plan("steps"), CLEAR)
    study.open().show("steps")
    study.buttons["preset"].invoke()
    study.head.form.button.invoke()
    study.until(lambda: study.head.notice.winfo_viewable())
    study.controller.rate(["steps 0 0"], rate("x", 3))
    study.until(lambda: not study.head.notice.winfo_viewable())
    assert study.controller.history.plans.presets(), "the preset itself stays"


def test_before_anything_is_settled_a_preset_is_the_users_own_choice_and_says_so(study):
    study.made(plan("steps", rows=3), LEANING)
    study.open().show("steps")
    study.page.panel.chart.select(0)
    study.buttons["preset"].invoke()
    assert study.head.form.value.text == "12"
    choose(study.head.form.value, "28")
    assert study.head.form.name.get() == "Rain city · 28 steps"
    study.head.form.button.invoke()
    study.until(study.controller.history.plans.presets)
    (kept,) = study.controller.history.plans.presets()
    assert kept.evidence.by_hand
    assert kept.values == {"txt2img.steps": 28}


def test_finer_hands_over_a_draft_with_half_the_spacing_around_the_best(study):
    study.made(plan("steps"), CLEAR)
    study.open().show("steps")
    study.buttons["finer"].invoke()
    (draft,) = study.drafts
    assert draft.variant_values == (28, 36, 44, 52, 60)
    assert (draft.plan_id, draft.seeds, draft.extra) == ("", (), ())


def test_names_have_no_finer(study):
    study.made(plan("samplers", "txt2img.sampler", ("Euler", "Heun", "UniPC")), CLEAR)
    study.open().show("samplers")
    assert "finer" not in study.buttons


def test_menus_thin_the_list_out_by_pack_checkpoint_and_parameter(study):
    study.made(plan("steps", rows=1), EARLY)
    study.made(plan("cfg", "txt2img.cfg_scale", (4.0, 5.0, 6.0), pack="Harbour", rows=1), EARLY)
    study.open()
    menus = study.page.menus.menus
    assert menus["pack"].winfo_manager()
    assert not menus["checkpoint"].winfo_manager(), "one choice is none"
    choose(menus["pack"], "Harbour")
    assert [line[0] for line in study.listed() if isinstance(line, tuple)] == ["CFG scale"]
    choose(menus["pack"], "All packs")
    choose(menus["parameter"], "Steps")
    assert [line[0] for line in study.listed() if isinstance(line, tuple)] == ["Steps"]


def test_everyday_runs_give_hints_that_are_marked_as_hints(study):
    study.daily(36, {"neon": 5, "overcast": 3, "sodium": 3})
    study.open()
    study.until(lambda: len(study.listed()) > 1)
    assert study.listed()[0] == "From everyday runs: hints, not proof"
    assert study.listed()[1][0] == "[[light]]"
    said = study.words()
    assert "Hint, not proof" in said
    assert "a hint, not proof" in study.head.headline.cget("text")
    assert {"neon", "overcast", "sodium"} <= set(said)
    assert any("expected to be false" in line for line in said)
    study.buttons["confirm"].invoke()
    asked = study.drafts[-1]
    assert (asked.focus_parameter, asked.pack_id, asked.base_config.checkpoint) == ("slot:light", "Rain city", "one")
    assert asked.variant_values[0] == "neon"
    assert set(asked.variant_values) == {"neon", "overcast", "sodium"}


def test_pictures_of_plans_are_no_everyday_pictures(study):
    study.made(plan("steps"), CLEAR)
    study.daily(12, {"neon": 5, "overcast": 3})
    study.open()
    study.until(lambda: len(study.listed()) > 3)
    choose_line(study, "[[light]]")
    assert "12 rated pictures" in study.head.scope.cget("text")


def test_pictures_shown_twice_tell_how_steadily_the_user_rates(study):
    study.made(plan("steps"), CLEAR, twice=(((0, 0), 2), ((2, 2), 4)))
    study.open().show("steps")
    assert study.page.steadiness.cget("text") == "You repeat yourself within 0.7 stars (2 pictures shown twice)."


def test_a_new_rating_changes_the_verdict_in_sight(study):
    study.made(plan("steps"), CLEAR)
    study.open().show("steps")
    before = study.page.report
    study.controller.rate(["steps 0 0"], rate("x", 4))
    study.until(lambda: study.page.report is not before)
    assert study.page.report.values[0].stars == (4, 2, 2, 2, 2)


def test_pictures_of_the_chosen_value_are_shown_and_open_in_review(study):
    study.made(plan("steps"), CLEAR)
    study.open().show("steps")
    study.page.panel.chart.select(0)
    strip = study.page.panel.pictures
    assert strip.title.cget("text") == "Pictures at 12 steps"
    # As many as the card has room for; the rest is in Review.
    study.until(lambda: pictures_on(strip.canvas) >= 2)
    strip.review.invoke()
    assert study.reviewed == ["steps"]


def test_runs_of_one_question_are_one_entry_and_the_chart_over_time_opens_each(study):
    for name, day, table in (("spring", "11-04", CLEAR), ("summer", "11-25", CLEAR)):
        study.made(plan(name), table)
        held = whole_board(load_history(study.places.journal, study.places.snapshot).history, name)
        due = due_result(held, report(held), held.told[-1] if held.told else None, reveal=True)
        study.writer.append(replace(due, event_id=new_id(), ts=f"2026-{day}T12:00:00.000Z"))
    study.open().show("spring")
    assert study.page.plan.plan_id == "summer"
    assert study.page.report.rated == 30
    chart = study.page.panel.sureness
    assert chart.runs.cget("text") == "2 runs, one answer"
    assert "Since 4 Nov 15 more pictures" in spaced(chart.words.cget("text"))
    chart.canvas.focus_force()
    study.until(lambda: study.root.focus_get() is chart.canvas)
    for key in ("<Left>", "<Left>", "<Return>"):
        chart.canvas.event_generate(key)
    assert study.opened == ["spring"]


def test_with_nothing_to_learn_from_the_page_says_what_to_do(study):
    study.open()
    study.root.update()
    assert any("Nothing to learn from yet" in words for words in study.words())
    press_button(study.page, "New Learning Run")
    assert study.drafts == [None]


def test_ctrl_z_takes_the_last_thing_back(study):
    study.made(plan("steps"), CLEAR)
    study.open().show("steps")
    study.controller.rate(["steps 0 0"], rate("x", 4))
    row = study.controller.history.row_of("steps 0 0")
    study.until(lambda: study.controller.history.visible().facts(row).rating == 4)
    study.page.list.canvas.focus_force()
    study.root.update()
    study.root.focus_get().event_generate("<Control-z>")
    study.until(lambda: study.controller.history.visible().facts(row).rating == 1)


# ---- the menu of presets


def test_the_preset_menu_offers_what_there_is_and_shows_the_one_in_force(study):
    study.writer.append(plan("steps"))
    proof = PresetEvidence(plan_id="steps", state="settled", probability=0.94, sentence="28 steps.", rated=24, rows=5)
    study.writer.append(Preset(event_id=new_id(), ts="", preset_id="P1", name="Rain · 28 steps", evidence=proof))
    study.open(presets=("P1",))
    presets, chosen = PresetChoice(study.controller, FormValues(study.controller)), []
    in_force = lambda: chosen.append(study.controller.settings.presets)  # noqa: E731
    menu = PresetMenu(study.root, presets, chosen=in_force)
    assert [(entry.text, entry.note) for entry in menu.choice.entries] == [
        ("No preset", ""),
        ("Rain · 28 steps", "settled 94\N{NO-BREAK SPACE}%, 24 rated"),
        ("All presets…", ""),
    ]
    assert menu.choice.text == "Rain · 28 steps"
    menu.choice.pack()
    choose(menu.choice, "No preset")
    choose(menu.choice, "Rain · 28 steps")
    assert chosen == [(), ("P1",)]


def test_a_preset_that_was_taken_back_is_not_in_force(study):
    study.open(presets=("gone",))
    presets = PresetChoice(study.controller, FormValues(study.controller))
    menu = PresetMenu(study.root, presets, chosen=lambda: None)
    assert menu.choice.text == "No preset"


def test_a_preset_made_by_hand_claims_no_probability():
    assert evidence_words(PresetEvidence(state="leaning", probability=0.7, rated=9, by_hand=True)) == "by hand, 9 rated"


@pytest.mark.parametrize("blind", [True, False])
def test_failed_and_suspect_pictures_are_neither_rated_nor_wanted(study, blind):
    study.made(plan("steps", blind=blind), EARLY, failed=(PlanCell(0, 4),), suspect=(PlanCell(2, 0),))
    study.open()
    study.until(lambda: blind or study.page.report is not None)
    assert study.listed()[1][1:] == ("blind: rate it first" if blind else "Too early: 2 of 13 rated", "2")
    said = study.head.meaning if blind else study.head.remark
    study.until(lambda: "2 of 13 " in said.cget("text"))
    assert blind or "2 of 13 rated" in study.head.headline.cget("text")


def test_two_settings_are_a_map_that_arrows_walk_and_one_click_uses_both(study):
    pairs = replace(
        plan("PAIRS", values=(12, 28, 44), rows=6),
        second_parameter="txt2img.cfg_scale",
        second_values=(4.0, 7.0),
        complete_rows=6,
    )
    worth = [[1] * 6, [2] * 6, [3] * 6, [5] * 6, [2] * 6, [3] * 6]
    study.made(pairs, worth)
    study.open()
    study.show("PAIRS")
    found, shown = study.page.report, study.page.panel.map
    assert found.verdict.value == "28 × 7"
    assert shown.told.cget("text").startswith("28 steps and CFG 7:")
    assert not study.page.panel.chart.winfo_manager()
    read = study.words()
    assert {"12", "28", "44", "4", "7", "steps", "take · 3", "What matters", "The pair together"} <= set(read)
    shown.canvas.focus_force()
    study.root.update()
    for key, pair in (
        ("<Up>", "28 steps and CFG 4"),
        ("<Right>", "44 steps and CFG 4"),
        ("<Right>", "44 steps and CFG 4"),
    ):
        shown.canvas.event_generate(key)
        study.root.update()
        assert shown.told.cget("text").startswith(f"{pair}:")
        assert "range" in shown.told.cget("text")
    assert f"Pictures at {pair}" in study.words()
    shown.canvas.event_generate("r")
    study.until(lambda: shown.ranges.on)
    assert any(" – " in one for one in study.words())
    study.buttons["use"].invoke()
    study.until(lambda: len(study.controller.known.learned) == 2)
    assert "28 steps and CFG 7" in study.head.notice.cget("text")
    assert {path for one in study.controller.known.learned for path in one.values} == {
        "txt2img.steps",
        "txt2img.cfg_scale",
    }


def test_a_card_is_written_where_the_user_says_and_the_page_tells_where(study, tmp_path):
    study.made(plan("steps"), CLEAR)
    study.open().show("steps")
    for name in ("card.png", "card.html"):
        study.buttons["card"].invoke()
        choose_file(study.root, study.until, tmp_path / name)
        study.until(lambda name=name: str(tmp_path / name) in study.head.notice.cget("text"))
    with Image.open(tmp_path / "card.png") as card:
        assert card.size == (1200, 630)
    assert "It tells the texts of the prompts." in study.head.notice.cget("text")
    assert "a tram" in (tmp_path / "card.html").read_text(encoding="utf-8")


def test_after_a_map_the_cards_of_a_chart_stand_below_each_other(study):
    pairs = {"second_parameter": "txt2img.cfg_scale", "second_values": (4.0, 7.0), "complete_rows": 6}
    study.made(replace(plan("PAIRS", values=(12, 28), rows=6), **pairs), [[1] * 6, [2] * 6, [3] * 6, [5] * 6])
    study.made(plan("ONE", values=(12, 28, 44), rows=5), CLEAR)
    study.open()
    for shown in ("PAIRS", "ONE"):
        study.page.show_plan(shown)
        study.until(lambda shown=shown: study.page.report is not None and study.page.report.plan.plan_id == shown)
    study.root.update()
    cards = study.page.panel.pictures, study.page.panel.sureness
    assert cards[0].winfo_rooty() + cards[0].winfo_height() <= cards[1].winfo_rooty()


def test_ctrl_enter_presses_the_gold_button(study):
    study.made(plan("P"), CLEAR)
    study.open().show("P")
    assert study.buttons["use"].is_main
    study.page.panel.chart.canvas.focus_force()
    study.root.update()
    study.page.panel.chart.canvas.event_generate("<Control-Return>")
    study.until(lambda: study.controller.known.learned)
