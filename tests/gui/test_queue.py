"""The queue in the window: a press adds once, the list moves, removes and leads back, and the end is told as it was."""

from __future__ import annotations

import pytest
from open_window import open_house
from slow_sketch import slow_sketch
from whole_app import SLOW, request

from stablenew_tk.gui.queue_popup import QueuePopup


@pytest.fixture
def slow(monkeypatch):
    return slow_sketch(monkeypatch)


def open_queue(house):
    house.key("<Control-j>")
    queue = QueuePopup.shared()
    house.until(lambda: queue.is_open and house.frame.focus_get() is queue.list.canvas)
    return queue


def press(house, *keys):
    for key in keys:
        house.frame.focus_get().event_generate(key)
        house.frame.update()


def titles(queue):
    return [f"{queue.list.rows.row(n).title} {queue.list.rows.row(n).count}" for n in range(queue.list.rows.count)]


def stop(house):
    house.controller.cancel()
    house.until(house.idle)


def test_a_double_press_runs_once_and_a_later_one_adds_and_says_so(tmp_path):
    with open_house(tmp_path) as house:
        page = house.page("create")
        house.controller.pause(True)
        house.button("Run 6 jobs").invoke()
        assert house.button("Add 6 jobs").enabled
        house.button("Add 6 jobs").invoke()
        house.key("<Control-Return>")
        assert len(house.controller.queue) == 6
        house.until(lambda: not page.is_pending("pressed"))
        house.button("Add 6 jobs").invoke()
        assert len(house.controller.queue) == 12
        house.until(lambda: house.window.bottom.queue.text == "Queue 12")
        house.controller.cancel()
        assert house.button("Run 6 jobs").enabled


def test_the_end_is_told_as_it_was_and_what_was_dropped_can_be_run_after_all(tmp_path, slow):
    with open_house(tmp_path) as house:
        house.controller.run(request(1))
        house.controller.run(request(30, **SLOW))
        house.until(lambda: house.controller.jobs.tally.ended == 1 and house.controller.running is not None)
        house.key("<Control-period>")
        house.answer("Stop and drop them")
        house.until(house.idle)
        house.until(lambda: "29 jobs dropped" in house.window.bottom.text.cget("text"))
        assert house.window.bottom.text.cget("text") == "1 picture made, 1 job stopped, 29 jobs dropped"
        house.button("Run them after all").invoke()
        assert len(house.controller.queue) == 28
        house.frame.update()
        stop(house)


def test_keys_move_remove_and_bring_back_whole_runs_and_single_jobs(tmp_path):
    with open_house(tmp_path) as house:
        house.controller.pause(True)
        for count in (2, 3, 1):
            house.controller.run(request(count))
        queue = open_queue(house)
        assert titles(queue) == ["Boats 2", "Boats 3", "Boats 1"]
        press(house, "<Down>", "<Alt-Up>")
        assert titles(queue) == ["Boats 3", "Boats 2", "Boats 1"]
        assert queue.list.selected == 0
        press(house, "<Right>", "<Down>", "<Delete>")
        assert titles(queue)[:3] == ["Boats 2", "p1 1", "p2 1"]
        press(house, "<Alt-Down>")
        assert titles(queue)[:3] == ["Boats 2", "p2 1", "p1 1"]
        press(house, "<Left>", "<Delete>")
        assert titles(queue) == ["Boats 2", "Boats 1"]
        press(house, "<Control-z>", "<Control-z>")
        assert sum(block.count for block in house.controller.jobs.blocks()) == 6
        press(house, "<Escape>")
        assert not queue.is_open
        house.controller.cancel()


def test_a_row_is_dragged_to_its_new_place(tmp_path):
    with open_house(tmp_path) as house:
        house.controller.pause(True)
        runs = [house.controller.run(request(count))[0].run_id for count in (2, 3, 1)]
        queue = open_queue(house)
        canvas = queue.list.canvas
        row = next(y for y in range(200) if queue.list.index_at(y) == 1)
        canvas.event_generate("<ButtonPress-1>", x=200, y=2 * row + 10)
        for y in (2 * row, row, 5):
            canvas.event_generate("<B1-Motion>", x=200, y=y)
        canvas.event_generate("<ButtonRelease-1>", x=200, y=5)
        house.frame.update()
        assert [block.job.run_id for block in house.controller.jobs.blocks()] == [runs[2], runs[0], runs[1]]
        queue.close()
        house.controller.cancel()


def test_return_goes_to_the_pack_of_the_job(tmp_path):
    with open_house(tmp_path) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        house.controller.pause(True)
        pack_id = page.packs.choice.file.pack_id
        page.run()
        house.page("review")
        open_queue(house)
        press(house, "<Return>")
        assert house.window.page_name == "create"
        assert page.packs.choice.file.pack_id == pack_id
        house.controller.cancel()


def test_the_list_follows_the_run_and_keeps_its_row(tmp_path, slow):
    slow.whole = 2
    with open_house(tmp_path) as house:
        house.controller.run(request(30))
        queue = open_queue(house)
        press(house, "<Down>", "<Right>", "<End>")
        chosen = queue.row.key
        house.until(lambda: house.controller.jobs.tally.ended >= 2)
        house.until(lambda: queue.list.rows.count <= 30)
        assert queue.row.key == chosen
        queue.close()
        stop(house)


def test_ten_thousand_jobs_open_and_draw_only_what_is_in_sight(tmp_path):
    with open_house(tmp_path) as house:
        house.controller.pause(True)
        for _ in range(2):
            house.controller.run(request(5000))
        queue = open_queue(house)
        press(house, "<Right>")
        assert queue.list.rows.count == 5002
        asked = len(queue.list.canvas.find_all())
        assert asked < 100
        press(house, "<End>")
        assert queue.list.selected == 5001
        queue.close()
        house.controller.cancel()
