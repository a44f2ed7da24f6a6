"""Our own file chooser over real folders: typed paths, completion, keys, several files, saving with "replace?"."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import pump
from open_window import answer

from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.domain.base.file_wish import FileWish
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.gui.widgets.file_choice import choose_file, choose_files
from stablenew_tk.gui.widgets.file_chooser import FileChooser
from stablenew_tk.gui.widgets.modal import QuestionBox, open_boxes
from stablenew_tk.gui.widgets.popups import Menu

PICTURE = {"title": "Picture to read", "words": "Pictures", "endings": (".png", ".jpg")}


class Desk:
    """A root with a controller, a folder with files, and what was chosen."""

    def __init__(self, root, folder):
        self.root, self.home, self.taken = root, folder / "home", []
        for name in ("packs", "pictures/2025", "pictures/2026"):
            (self.home / name).mkdir(parents=True)
        for name in ("rain.png", "Rainy day.jpg", "sun.png", "notes.txt"):
            (self.home / "pictures" / name).write_text("x")
        self.controller = Controller(open_places(str(folder / "data")), Settings(last_folder=str(self.home)))
        self.tick()

    def tick(self):
        self.controller.pump()
        self.timer = self.root.after(10, self.tick)

    def ask(self, **wish):
        choose_files(self.root, self.controller, FileWish(**wish), self.taken.append)
        self.until(lambda: open_boxes(self.root))
        self.box = open_boxes(self.root)[-1]
        assert isinstance(self.box, FileChooser)
        self.until(lambda: self.names)
        return self.box

    @property
    def names(self):
        return [self.box.rows.row(n).text for n in self.box.rows.visible]

    def until(self, condition):
        pump(self.root, condition)

    def press(self, *keys):
        for key in keys:
            self.root.focus_get().event_generate(key)
            self.root.update()

    def type(self, text):
        field = self.box.path.field
        field.focus_force()
        field.delete(0, "end")
        field.insert(0, text)
        self.box.path.edited()
        self.root.update()


@pytest.fixture
def desk(root, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    made = Desk(root, tmp_path)
    yield made
    for box in reversed(open_boxes(root)):
        box.dismiss()
    root.after_cancel(made.timer)
    made.controller.close()


def test_it_begins_where_the_last_choice_was_made_and_remembers_this_one(desk):
    desk.ask(**PICTURE)
    assert desk.names == ["packs", "pictures"]
    desk.press("<Down>", "<Return>")
    desk.until(lambda: "rain.png" in desk.names)
    assert desk.names == ["2025", "2026", "rain.png", "Rainy day.jpg", "sun.png"]
    desk.press("<Down>", "<Down>", "<Return>")
    pictures = desk.home / "pictures"
    assert desk.taken == [(pictures / "rain.png",)]
    assert desk.controller.settings.last_folder == str(pictures)
    desk.ask(**PICTURE)
    assert desk.box.folder == pictures


def test_a_typed_path_narrows_the_list_and_tab_completes_it(desk):
    desk.ask(**PICTURE)
    desk.type(f"{desk.home}/pi")
    assert desk.names == ["pictures"]
    desk.press("<Tab>")
    desk.until(lambda: "sun.png" in desk.names)
    assert desk.box.path.get() == f"{desk.home}/pictures/"
    desk.type(f"{desk.home}/pictures/RA")
    assert desk.names == ["rain.png", "Rainy day.jpg"]
    desk.press("<Tab>")
    assert desk.box.path.get() == f"{desk.home}/pictures/rain"
    desk.type("~/pictures/sun.png")
    desk.press("<Return>")
    desk.until(lambda: desk.taken)
    assert desk.taken == [(desk.home / "pictures" / "sun.png",)]


@pytest.mark.parametrize(("key", "beginning"), [("<slash>", Path.cwd().anchor), ("<asciitilde>", f"~{os.sep}")])
def test_a_path_that_is_typed_into_the_list_is_a_whole_path(desk, key, beginning):
    desk.ask(**PICTURE)
    desk.press(key)
    assert desk.box.path.get() == beginning
    assert desk.root.focus_get() is desk.box.path.field


def test_a_path_that_is_not_there_is_told_and_the_chooser_stays(desk):
    desk.ask(**PICTURE)
    desk.type(f"{desk.home}/nothing.png")
    desk.press("<Return>")
    desk.until(lambda: any("There is no file" in str(w.cget("text")) for w in labels(desk.box)))
    assert desk.box.is_open


def test_backspace_goes_up_with_the_folder_we_come_from_chosen(desk):
    desk.ask(**PICTURE, start=str(desk.home / "pictures"))
    desk.press("<BackSpace>")
    desk.until(lambda: "pictures" in desk.names)
    assert desk.box.rows.row(desk.box.rows.selected).text == "pictures"


def test_several_files_are_ticked_and_added_together(desk):
    desk.ask(**PICTURE, kind="several", start=str(desk.home / "pictures"))
    desk.press("<Down>", "<Down>", "<space>", "<Down>", "<space>")
    assert desk.box.button.text == "Add 2 files"
    desk.box.button.invoke()
    assert [path.name for path in desk.taken[0]] == ["rain.png", "Rainy day.jpg"]


def test_a_folder_is_taken_by_its_typed_path_alone(desk):
    desk.ask(title="Folder for pictures", kind="folder", start=str(desk.home))
    desk.type(str(desk.home / "pictures" / "2026"))
    desk.press("<Return>")
    desk.until(lambda: desk.box.folder.name == "2026" and not desk.names)
    assert not desk.taken, "the first Return goes there"
    desk.until(lambda: desk.press("<Return>") or desk.taken)
    assert desk.taken == [(desk.home / "pictures" / "2026",)]


def test_a_folder_is_the_one_in_sight(desk):
    desk.ask(title="Folder for pictures", kind="folder", start=str(desk.home / "pictures"))
    assert desk.names == ["2025", "2026"]
    desk.press("<Down>", "<Return>")
    desk.until(lambda: desk.box.folder.name == "2026")
    desk.until(lambda: not desk.names)
    desk.box.button.invoke()
    assert desk.taken == [(desk.home / "pictures" / "2026",)]
    assert desk.controller.settings.last_folder.endswith("2026")


def test_saving_adds_the_ending_and_asks_before_it_replaces(desk):
    (desk.home / "plan.json").write_text("x")
    desk.ask(title="Export plan", kind="save", words="Plans", endings=(".json",), name="plan")
    desk.box.button.invoke()
    desk.until(lambda: isinstance(open_boxes(desk.root)[-1], QuestionBox))
    assert "file of this name" in answer(desk.root, "Keep it")
    assert desk.taken == []
    desk.box.name.set("other")
    desk.box.take()
    desk.until(lambda: desk.taken)
    assert desk.taken == [(desk.home / "other.json",)]


def test_saving_replaces_when_that_is_wanted(desk):
    (desk.home / "plan.json").write_text("x")
    desk.ask(title="Export plan", kind="save", words="Plans", endings=(".json",), name="plan.json")
    desk.press("<Return>")
    desk.until(lambda: isinstance(open_boxes(desk.root)[-1], QuestionBox))
    answer(desk.root, "Replace it")
    desk.until(lambda: desk.taken)


def test_escape_gives_it_up_and_only_one_is_open_at_a_time(desk):
    desk.ask(**PICTURE)
    choose_file(desk.root, desk.controller, FileWish(title="Another"), desk.taken.append)
    assert len(open_boxes(desk.root)) == 1
    desk.press("<Escape>")
    assert not open_boxes(desk.root)
    assert desk.taken == []
    desk.ask(**PICTURE)


def test_a_desktops_dialog_is_asked_first(desk, monkeypatch, tmp_path):
    program = tmp_path / "zenity"
    program.write_text(f"#!/bin/sh\necho {desk.home}/pictures/sun.png\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "GNOME")
    choose_files(desk.root, desk.controller, FileWish(**PICTURE), desk.taken.append)
    desk.until(lambda: desk.taken)
    assert desk.taken == [(desk.home / "pictures" / "sun.png",)]
    assert not open_boxes(desk.root)


def test_a_name_without_ending_of_the_desktops_dialog_is_asked_about_again(desk, monkeypatch, tmp_path):
    (desk.home / "plan.json").write_text("x")
    program = tmp_path / "zenity"
    program.write_text(f"#!/bin/sh\necho {desk.home}/plan\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "GNOME")
    wish = FileWish(title="Export", kind="save", words="Plans", endings=(".json",))
    choose_files(desk.root, desk.controller, wish, desk.taken.append)
    desk.until(lambda: open_boxes(desk.root))
    answer(desk.root, "Replace it")
    assert desk.taken == [(desk.home / "plan.json",)]


def test_thousands_of_names_are_rows_when_they_are_looked_at(desk):
    many = desk.home / "many"
    many.mkdir()
    for number in range(3000):
        (many / f"{number}.png").touch()
    desk.ask(**PICTURE, start=str(many))
    assert len(desk.box.rows.canvas.find_all()) < 200
    desk.press("<End>")
    assert desk.box.rows.row(desk.box.rows.selected).text == "2999.png"


def labels(widget):
    import tkinter as tk

    for child in widget.winfo_children():
        if isinstance(child, tk.Label):
            yield child
        yield from labels(child)


def test_the_menu_of_kinds_works_with_the_mouse_while_the_rest_of_the_window_is_shut(desk):
    desk.ask(**PICTURE, start=str(desk.home / "pictures"))
    desk.box.kind.invoke()
    menu = Menu.shared()
    desk.until(lambda: menu.is_open and menu.canvas.winfo_viewable() and menu.canvas.winfo_height() > 20)
    desk.root.update()  # the grab counts from the next event on
    y = menu.canvas.winfo_height() * 3 // 4
    menu.canvas.event_generate("<ButtonPress-1>", x=20, y=y)
    menu.canvas.event_generate("<ButtonRelease-1>", x=20, y=y)
    desk.until(lambda: "notes.txt" in desk.names)
    assert desk.root.grab_current() is desk.box
    desk.box.kind.invoke()
    desk.until(lambda: menu.is_open)
    desk.root.update()
    # A click elsewhere reaches the window that has the grab.
    menu.window.event_generate("<ButtonPress-1>", x=-50, y=-300)
    desk.until(lambda: not menu.is_open)
    assert desk.root.grab_current() is desk.box
