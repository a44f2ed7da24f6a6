"""The form made from the catalogue."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.gui.forms.form import Form
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.basics import Box
from stablenew_tk.gui.widgets.entries import NumberEntry, Slider
from stablenew_tk.gui.widgets.popups import ChoiceField, MenuEntry

PATHS = (
    "txt2img.sampler",
    "txt2img.steps",
    "hires.enabled",
    "hires.denoise",
    "adetailer.passes.0.prompt",
    "upscale.mode",
)
CHOICES = {"samplers": [MenuEntry("Euler a", "Euler a"), MenuEntry("Heun", "Heun")]}
CONFIG = with_values(PipelineConfig(), {"txt2img.steps": 28, "txt2img.sampler": "Heun"})


@pytest.fixture
def form(root):
    told, asked = [], []
    box = Box(root, "surface", width=560, height=400)
    box.pack_propagate(False)
    box.pack()
    made = Form(
        box, PATHS, on_change=lambda *change: told.append(change), on_why=lambda path, widget: asked.append(path)
    )
    made.pack(fill="x")
    made.show(CONFIG, {"txt2img.steps": "preset", "txt2img.sampler": "last_run"}, CHOICES)
    root.update()
    made.told, made.asked = told, asked
    return made


def key(root, widget, *keys):
    widget.focus_force()
    root.update()
    for name in keys:
        widget.event_generate(name)
    root.update()


def test_fields_show_values_and_the_marks_of_their_origins(form):
    assert form.fields["txt2img.steps"].editor.get() == "28"
    assert form.fields["txt2img.sampler"].editor.text == "Heun"
    assert form.fields["txt2img.steps"].mark.cget("text").strip() == "preset"
    assert form.fields["txt2img.sampler"].mark.cget("text").strip() == "last run"
    assert form.fields["hires.denoise"].mark.cget("text") == "", "what the engine does by itself has no mark"


def test_a_choice_is_drawn_anew_when_its_words_change_and_its_value_does_not(root, form):
    canvas = form.fields["txt2img.sampler"].editor
    form.show(CONFIG, {}, {"samplers": [MenuEntry("Heun", "Heun (second order)")]})
    root.update()
    assert "Heun (second order)" in [
        canvas.itemcget(item, "text") for item in canvas.find_withtag("all") if canvas.type(item) == "text"
    ]


def test_each_kind_gets_its_editor(form):
    kinds = {path: type(field.editor).__name__ for path, field in form.fields.items()}
    assert list(kinds.values()) == ["ChoiceField", "NumberEntry", "Switch", "NumberEntry", "Entry", "ChoiceField"]
    assert any(isinstance(child, Slider) for child in form.fields["hires.denoise"].winfo_children())


def test_a_change_is_reported_and_marked_as_the_users(root, form):
    field = form.fields["txt2img.steps"]
    key(root, field.editor.field, "<Up>")
    assert form.told == [("txt2img.steps", 29)]
    assert field.mark.origin == "user"


def test_what_the_page_shows_goes_before_what_was_typed(root, form):
    key(root, form.fields["txt2img.steps"].editor.field, "<Up>")
    form.show(CONFIG, {"txt2img.steps": "preset"}, CHOICES)
    assert form.fields["txt2img.steps"].editor.get() == "28"
    assert form.fields["txt2img.steps"].mark.origin == "preset"


def test_control_backspace_gives_the_inherited_value_back(root, form):
    field = form.fields["txt2img.steps"]
    key(root, field.editor.field, "<Up>", "<Control-BackSpace>")
    assert form.told[-1] == ("txt2img.steps", None)
    form.show(CONFIG, {"txt2img.steps": "preset"}, CHOICES)
    assert (field.editor.get(), field.mark.origin) == ("28", "preset")


def test_control_backspace_also_forgets_a_text_that_is_no_number(root, form):
    field = form.fields["txt2img.steps"]
    key(root, field.editor.field, "<x>", "<Return>")
    assert list(form.problems()) == ["txt2img.steps"]
    key(root, field.editor.field, "<Control-BackSpace>")
    form.show(CONFIG, {"txt2img.steps": "preset"}, CHOICES)
    assert (field.editor.get(), form.problems()) == ("28", {})


def test_slider_and_number_of_a_share_move_together(root, form):
    field = form.fields["hires.denoise"]
    slider = next(child for child in field.winfo_children() if isinstance(child, Slider))
    key(root, slider, "<Right>")
    assert field.editor.get() == "0.35"
    key(root, field.editor.field, "<Down>")
    assert slider.value == 0.3
    assert [value for _, value in form.told] == [0.35, 0.3]


def test_control_i_and_a_click_on_the_mark_ask_why(root, form):
    key(root, form.fields["txt2img.steps"].editor.field, "<Control-i>")
    form.fields["txt2img.sampler"].mark.event_generate("<ButtonRelease-1>")
    assert form.asked == ["txt2img.steps", "txt2img.sampler"]


def test_a_value_the_backend_does_not_offer_is_still_shown(form):
    form.show(with_values(CONFIG, {"txt2img.sampler": "Restart"}), {}, CHOICES)
    assert form.fields["txt2img.sampler"].editor.text == "Restart"


def test_three_fields_stand_side_by_side_and_two_where_there_is_little_room(root, form):
    def columns():
        return len({field.winfo_x() for field in form.fields.values()})

    assert columns() == 3
    form.master.configure(width=400)
    root.update()
    assert columns() == 2


def test_only_fields_that_differ_are_drawn_again(form):
    drawn = []
    for path, field in form.fields.items():
        field.show = lambda *_, path=path, **__: drawn.append(path)
    form.show(
        with_values(CONFIG, {"txt2img.steps": 29}), {"txt2img.steps": "user", "txt2img.sampler": "last_run"}, CHOICES
    )
    assert drawn == ["txt2img.steps"]


def test_editors_follow_the_mode(root, form):
    theme.apply(root, "light")
    field = form.fields["txt2img.steps"].editor
    assert isinstance(field, NumberEntry)
    assert str(field.cget("bg")) == theme.pair("surface")[0]
    assert isinstance(form.fields["txt2img.sampler"].editor, ChoiceField)
    theme.apply(root, "dark")


def test_a_caption_is_never_cut_by_the_mark_and_says_empty_in_the_field(root):
    made = Form(root, ["adetailer.passes.0.sampler", "txt2img.steps"], on_change=lambda *_: None, columns=2)
    made.place(x=0, y=0, width=190)
    made.show(PipelineConfig(), dict.fromkeys(made.fields, "profile"), {})
    root.update()
    for field in made.fields.values():
        mark, caption = field.mark, field.mark.master.winfo_children()[1]
        assert caption.winfo_reqwidth() <= caption.winfo_width(), caption.cget("text")
        assert mark.cget("image")
    assert made.fields["adetailer.passes.0.sampler"].editor.text == "same"
