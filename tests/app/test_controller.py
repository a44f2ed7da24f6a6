"""The whole app without its window: runs, ratings, closing and coming back, on real folders and real engines."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import nullcontext

import msgspec
import pytest
from conftest import wait_until
from disk_faults import ReadOnlyDisk
from fake_webui import FakeWebUI
from jobs import full_disk
from msgspec.structs import replace
from slow_sketch import slow_sketch
from whole_app import SLOW, App, request

from stablenew_tk.app.runs import outbox
from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.user_settings import Machine, Settings
from stablenew_tk.domain.journal.query import Query
from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.pipeline import workers
from stablenew_tk.pipeline.messages.base import OrderFailed
from stablenew_tk.pipeline.messages.jobs import ImageSaved, JobEnded, KeepWaiting, NodeWaiting, QueueChanged
from stablenew_tk.pipeline.messages.journal import HistoryChanged, HistoryLoaded, UnsavedChanged, UnsavedTakenIn
from stablenew_tk.pipeline.messages.pictures import ImagesFound
from stablenew_tk.pipeline.messages.settings import SaveSettings, SettingsChanged, SettingsSaved
from stablenew_tk.storage.disk.process_lock import folder_lock, holding
from stablenew_tk.storage.journal.reader import recent, verify
from stablenew_tk.storage.pending_jobs import WaitingFile
from stablenew_tk.storage.settings import load_settings, save_settings

LONG_NOTE = "long " * 300_000


@pytest.fixture
def open_app(tmp_path):
    apps = []

    def make(settings=None, **options):
        apps.append(App(tmp_path / "data", settings, **options))
        return apps[-1]

    yield make
    for app in apps:
        app.controller.close()


def change_on_disk(app, **changes):
    """As a terminal command does."""
    path = app.places.settings_file
    before = load_settings(path).settings
    save_settings(path, replace(before, **changes), before)


@pytest.fixture
def app(open_app):
    return open_app()


@pytest.fixture
def slow(monkeypatch):
    return slow_sketch(monkeypatch)


class TestRuns:
    def test_a_run_becomes_records_and_history(self, app):
        jobs = app.make(3)
        assert [record.job_id for record in reversed(app.records())] == [job.job_id for job in jobs]
        assert len(app.controller.history) == 3
        assert app.until(HistoryChanged).grown
        assert {record.status for record in app.records()} == {"ok"}

    def test_every_announced_row_is_a_row_of_the_history(self, app):
        app.make(3)
        assert [row for event in app.told(HistoryChanged) for row in event.rows] == [0, 1, 2]

    def test_found_pictures_are_those_of_the_run(self, app):
        app.make(2)
        app.controller.find(Query(pack="boats"))
        assert len(app.until(ImagesFound).selection.rows) == 2

    def test_nothing_is_recorded_when_learning_is_off_or_the_run_says_so(self, open_app):
        app = open_app(Settings(learning="off"))
        app.make()
        app.controller.change_settings(Settings(learning="passive"))
        app.make(record=False)
        assert app.records() == []
        assert len(app.told(ImageSaved)) == 2

    def test_a_request_for_nothing_is_refused_and_nothing_is_queued(self, app):
        with pytest.raises(InvalidInput):
            app.controller.run(request(0))
        with pytest.raises(InvalidInput):
            app.controller.run(request(**{"txt2img.enabled": False}))
        assert (app.controller.queue, app.controller.running) == ([], None)

    def test_a_failed_job_does_not_stop_the_others(self, open_app):
        with FakeWebUI() as server:
            app = open_app(Settings(backend=server.url))
            server.fault("500", nth=2)
            app.make(3)
            assert [record.status for record in app.records()] == ["ok", "failed", "ok"]

    def test_the_time_of_a_run_is_known_after_the_first_job(self, app):
        configs = [request(**SLOW).config] * 2
        assert app.controller.forecast_s(configs) is None
        app.make()
        assert app.controller.forecast_s(configs) > app.controller.forecast_s(configs[:1]) > 0

    def test_the_time_is_known_from_last_time_too_but_not_for_another_engine(self, open_app):
        first = open_app()
        first.make()
        first.controller.close()
        again = open_app()
        assert again.controller.forecast_s([request().config]) > 0
        again.controller.settings = Settings(backend="http://127.0.0.1:9")
        assert again.controller.forecast_s([request().config]) is None


class TestQueue:
    def test_pause_holds_the_queue_after_the_running_job_and_go_on_continues(self, app):
        app.controller.pause(True)
        app.controller.run(request(3))
        app.controller.pump()
        assert (app.controller.running, len(app.controller.queue)) == (None, 3)
        app.controller.pause(False)
        assert app.controller.running is not None
        app.controller.pause(True)
        app.until(JobEnded)
        assert (app.controller.running, len(app.controller.queue)) == (None, 2)
        app.controller.pause(False)
        app.idle()
        assert len(app.records()) == 3

    def test_stop_ends_the_running_job_and_forgets_the_rest(self, slow, app):
        app.controller.run(request(5, **SLOW))
        app.until(QueueChanged)
        app.wait(lambda: app.controller.running.step > 2)
        app.controller.cancel()
        app.idle()
        assert [record.status for record in app.records()] == ["cancelled"]
        assert app.controller.running is None

    def test_stopping_one_job_goes_on_with_the_next(self, slow, app):
        app.controller.run(request(2, **SLOW))
        app.wait(lambda: app.controller.running.step > 2)
        app.controller.cancel(all_jobs=False)
        app.until(JobEnded)
        app.wait(lambda: app.controller.running is not None and app.controller.running.step > 2)
        assert app.controller.running.job.index == 1
        app.controller.cancel()

    def test_what_runs_is_described_while_it_runs(self, slow, app):
        app.controller.run(request(**SLOW))
        app.wait(lambda: app.controller.running.step > 2)
        running = app.controller.running
        assert (running.stage, running.steps, running.stage_count) == ("txt2img", 150, 1)
        assert 0 < running.done < 1
        app.controller.cancel()

    def test_an_address_that_is_none_holds_the_queue_and_is_told(self, app):
        app.controller.change_settings(Settings(backend="my computer"))
        app.controller.run(request(2))
        assert "my computer" in app.until(OrderFailed).message
        assert (app.controller.paused, len(app.controller.queue)) == (True, 2)
        app.controller.change_settings(Settings())
        app.controller.pause(False)
        app.idle()
        assert len(app.records()) == 2


class TestComingBack:
    def test_the_interrupted_job_and_the_queue_are_left_over_and_go_on(self, slow, open_app):
        first = open_app()
        jobs = first.controller.run(request(3, **SLOW))
        first.wait(lambda: first.controller.running.step > 2)
        first.controller.close()
        again = open_app()
        left = again.controller.leftover
        assert [job.prompt for job in left] == [job.prompt for job in jobs]
        assert {record.status for record in again.records()} == {"cancelled"}
        assert left[0].job_id != jobs[0].job_id

    def test_going_on_finishes_them_and_makes_nothing_twice(self, open_app):
        first = open_app()
        first.controller.pause(True)
        jobs = first.controller.run(request(3))
        first.controller.close()
        again = open_app()
        again.controller.resume(go_on=True)
        again.idle()
        again.controller.close()
        assert Counter(record.job_id for record in again.records()) == Counter(job.job_id for job in jobs)
        assert open_app().controller.leftover == ()

    def test_forgotten_jobs_do_not_come_back(self, open_app):
        first = open_app()
        first.controller.pause(True)
        first.controller.run(request(3))
        first.controller.close()
        again = open_app()
        again.controller.resume(go_on=False)
        again.controller.close()
        assert open_app().controller.leftover == ()
        assert WaitingFile(again.places.waiting).load().jobs == ()

    def test_jobs_not_yet_decided_about_survive_another_run(self, open_app):
        first = open_app()
        first.controller.pause(True)
        first.controller.run(request(3))
        first.controller.close()
        again = open_app()
        again.make()
        again.controller.close()
        assert len(open_app().controller.leftover) == 3

    def test_a_run_begun_before_the_history_was_there_does_not_push_them_out(self, open_app):
        first = open_app()
        first.controller.pause(True)
        first.controller.run(request(3))
        first.controller.close()
        again = open_app(wait=False)
        again.make()
        again.until(HistoryLoaded)
        again.controller.close()
        assert len(open_app().controller.leftover) == 3

    def test_a_job_whose_record_is_there_is_not_run_again(self, open_app):
        first = open_app()
        jobs = first.make(2)
        first.controller.ask(KeepWaiting(jobs=jobs))
        first.controller.close()
        assert open_app().controller.leftover == ()

    def test_what_the_user_stopped_is_not_offered_again(self, slow, open_app):
        first = open_app()
        first.controller.run(request(3, **SLOW))
        first.wait(lambda: first.controller.running.step > 2)
        first.controller.cancel()
        first.controller.close()
        assert open_app().controller.leftover == ()

    def test_closing_without_anything_to_do_leaves_nothing_behind(self, app):
        before = threading.active_count()
        assert len(app.controller.close()) == 0
        assert threading.active_count() < before
        assert not app.places.waiting.exists()

    def test_many_reports_at_once_do_not_hide_the_end_of_the_job(self, slow, open_app):
        first = open_app()
        first.controller.run(request(2, **SLOW))
        first.wait(lambda: first.controller.running.step > 2)
        for _ in range(2000):
            first.controller.inbox.put(OrderFailed(message="noise"))
        first.controller.close()
        assert len(open_app().controller.leftover) == 2


class TestRatings:
    def test_a_rating_survives_undo_redo_and_a_new_start(self, open_app):
        app = open_app()
        app.make(2)
        one, _ = app.images()
        app.say([one], rating=4, tags_added=("good light",), note="warm")
        assert app.held()[0] == msgspec.structs.replace(app.held()[0], rating=4, tags=("good light",), note="warm")
        assert app.controller.undo()
        app.wait(lambda: app.held()[0].rating == 0)
        assert app.held()[0].tags == ()
        assert app.controller.undo(redo=True)
        app.wait(lambda: app.held()[0].rating == 4)
        held = app.held()
        app.controller.close()
        assert open_app().held() == held

    def test_what_was_undone_stays_undone_after_a_new_start(self, open_app):
        app = open_app()
        app.make()
        app.say(app.images(), rating=2)
        app.say(app.images(), rating=5)
        app.controller.undo()
        app.wait(lambda: app.held()[0].rating == 2)
        app.controller.close()
        assert open_app().held()[0].rating == 2

    def test_several_pictures_are_one_undo(self, app):
        app.make(3)
        app.say(app.images(), rating=3)
        assert [held.rating for held in app.held()] == [3, 3, 3]
        app.controller.undo()
        app.wait(lambda: [held.rating for held in app.held()] == [0, 0, 0])
        assert not app.controller.undo()

    def test_undo_reaches_back_and_redo_forward_step_by_step(self, app):
        app.make()
        for stars in (1, 2, 3):
            app.say(app.images(), rating=stars)
        for stars in (2, 1, 0):
            app.controller.undo()
            app.wait(lambda stars=stars: app.held()[0].rating == stars)
        for stars in (1, 2, 3):
            app.controller.undo(redo=True)
            app.wait(lambda stars=stars: app.held()[0].rating == stars)
        assert not app.controller.undo(redo=True)

    def test_the_change_names_the_row_also_for_an_undo(self, app):
        app.make(3)
        app.say([app.images()[1]], rating=5)
        assert app.told(HistoryChanged)[-1].rows == (1,)
        app.controller.undo()
        app.wait(lambda: app.held()[1].rating == 0)
        last = app.told(HistoryChanged)[-1]
        assert (last.rows, last.undone, last.grown) == ((1,), True, False)

    def test_a_rating_is_in_the_history_only_when_it_is_on_disk(self, app):
        app.make()
        app.controller.rate(app.images(), Feedback(event_id="", ts="", image_id="", rating=5))
        wait_until(lambda: recent(app.places.journal, 1)[0].feedback)
        assert app.held()[0].rating == 0
        app.wait(lambda: app.held()[0].rating == 5)


class TestUnsaved:
    @pytest.fixture(autouse=True)
    def _soon(self, monkeypatch):
        monkeypatch.setattr(outbox, "RETRY_UNSAVED_S", 0.02)

    def test_lines_the_disk_refuses_are_kept_told_and_saved_once(self, app):
        app.make(2)
        size = sum(path.stat().st_size for path in app.places.journal.glob("*.jsonl"))
        with full_disk(size):
            app.controller.rate(app.images(), Feedback(event_id="", ts="", image_id="", rating=4))
            app.wait(lambda: any(event.count == 2 for event in app.told(UnsavedChanged)))
            retries = len(app.told(UnsavedChanged))
            app.until(UnsavedChanged, retries + 4)
            assert [held.rating for held in app.held()] == [0, 0]
        app.wait(lambda: app.told(UnsavedChanged)[-1].count == 0)
        assert [held.rating for held in app.held()] == [4, 4]
        assert (verify(app.places.journal).lines, verify(app.places.journal).gaps) == (4, ())

    def test_a_note_that_no_line_can_hold_is_told_once_and_its_text_is_in_a_file(self, app):
        app.make(1)
        [image] = app.images()
        app.controller.rate([image], Feedback(event_id="", ts="", image_id="", note=LONG_NOTE))
        told = app.until(OrderFailed)
        assert "longer than a line may be (1 MiB)" in told.message
        assert "note" in told.message
        [file] = (app.places.data / "notes").iterdir()
        assert str(file) in told.message
        assert file.read_text("utf-8") == LONG_NOTE
        app.say([image], rating=4, note="short")
        assert (dict(app.controller.unsaved), len(app.told(OrderFailed))) == ({}, 1)
        [held] = app.held()
        assert (held.rating, held.note) == (4, "short")
        assert app.controller.close().words == ""

    @pytest.mark.parametrize("is_held", [False, True], ids=["at once", "another program holds the journal"])
    def test_a_note_too_long_that_comes_while_the_program_ends_is_told_and_in_a_file(self, open_app, is_held):
        app = open_app()
        app.make(1)
        with holding(folder_lock(app.places.journal)) if is_held else nullcontext():
            app.controller.rate(app.images(), Feedback(event_id="", ts="", image_id="", note=LONG_NOTE))
            app.controller.rate(app.images(), Feedback(event_id="", ts="", image_id="", rating=4))
            left = app.controller.close()
        assert "longer than a line may be (1 MiB)" in left.words
        [file] = (app.places.data / "notes").iterdir()
        assert str(file) in left.words
        assert file.read_text("utf-8") == LONG_NOTE
        assert (len(left.kept), left.lost) == (is_held, ())
        again = open_app()
        assert [(held.rating, held.note) for held in again.held()] == [(4, "")]
        assert again.controller.close().words == ""

    def test_a_note_too_long_waits_while_its_file_cannot_be_written_either(self, app, monkeypatch):
        app.make(1)
        with monkeypatch.context() as broken:
            ReadOnlyDisk(app.places.data, broken).turn()
            app.controller.rate(app.images(), Feedback(event_id="", ts="", image_id="", note=LONG_NOTE))
            app.wait(lambda: len(app.controller.unsaved) == 1)
        app.until(OrderFailed)
        [file] = (app.places.data / "notes").iterdir()
        assert file.read_text("utf-8") == LONG_NOTE
        assert not app.controller.unsaved

    def test_a_record_the_disk_refused_is_saved_later(self, app):
        folder = app.places.journal
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("a file where the folder should be")
        app.make()
        app.wait(lambda: app.controller.unsaved)
        assert not app.told(JobEnded)[0].recorded
        assert app.told(UnsavedChanged)[0].message
        folder.unlink()
        app.wait(lambda: not app.controller.unsaved)
        assert [record.status for record in app.records()] == ["ok"]
        assert len(app.controller.history) == 1

    def test_closing_tries_once_more_and_keeps_what_is_refused_for_the_next_start(self, open_app):
        app = open_app()
        app.places.journal.parent.mkdir(parents=True, exist_ok=True)
        app.places.journal.write_text("a file where the folder should be")
        app.make(2)
        app.wait(lambda: len(app.controller.unsaved) == 2)
        left = app.controller.close()
        assert len(left.kept) == len(left) == 2
        assert left.words == f"2 records are kept in {left.file} and are saved at the next start."
        app.places.journal.unlink()
        again = open_app()
        assert again.until(UnsavedTakenIn).saved == 2
        assert len(again.images()) == 2
        assert not left.file.exists()

    def test_a_rating_on_its_way_is_counted_when_another_program_holds_the_journal(self, open_app):
        app = open_app()
        app.make()
        with holding(folder_lock(app.places.journal)):
            app.controller.rate(app.images(), Feedback(event_id="", ts="", image_id="", rating=4))
            left = app.controller.close()
        assert left.words == f"1 rating is kept in {left.file} and is saved at the next start."
        assert app.controller.close() == left
        again = open_app()
        assert [held.rating for held in again.held()] == [4]

    def test_what_cannot_be_kept_either_is_said_to_be_not_saved(self, open_app, monkeypatch):
        app = open_app()
        app.make()
        ReadOnlyDisk(app.places.data, monkeypatch).turn()
        app.controller.rate(app.images(), Feedback(event_id="", ts="", image_id="", rating=4))
        left = app.controller.close()
        assert (len(left.kept), len(left.lost)) == (0, 1)
        assert left.words == f"1 rating is not saved: {app.places.data} cannot be written either."

    def test_closing_saves_what_can_be_saved_by_then(self, app, monkeypatch):
        monkeypatch.setattr(outbox, "RETRY_UNSAVED_S", 600.0)
        app.places.journal.parent.mkdir(parents=True, exist_ok=True)
        app.places.journal.write_text("a file where the folder should be")
        app.make()
        app.wait(lambda: app.controller.unsaved)
        app.controller.pump()
        app.places.journal.unlink()
        assert len(app.controller.close()) == 0
        assert verify(app.places.journal).lines == 1


class TestSettings:
    def test_a_change_is_announced_in_force_and_on_disk(self, app):
        wanted = Settings(appearance="dark", seed=9)
        app.controller.change_settings(wanted)
        assert app.told(SettingsChanged)[0].settings == app.controller.settings == wanted
        assert app.until(SettingsSaved).settings == wanted
        assert load_settings(app.places.settings_file).settings == wanted

    def test_another_backend_is_asked_what_it_has_and_makes_the_next_run(self, app):
        app.make()
        with FakeWebUI() as server:
            app.controller.change_settings(Settings(backend=server.url))
            assert app.controller.capabilities is None
            app.wait(lambda: app.controller.capabilities is not None)
            app.make()
            assert [record.backend.kind for record in app.records()] == ["webui", "sketch"]
            app.controller.change_settings(Settings())
            app.make()
            assert server.count("txt2img") == 1
        assert app.records()[0].backend.kind == "sketch"

    def test_a_running_job_ends_where_it_began(self, slow, app):
        app.controller.run(request(2, **SLOW))
        app.wait(lambda: app.controller.running.step > 2)
        with FakeWebUI() as server:
            app.controller.change_settings(Settings(backend=server.url))
            slow.hurry()
            app.idle()
            assert [record.backend.kind for record in app.records()] == ["webui", "sketch"]
            app.controller.close()

    def test_another_output_folder_is_used_from_the_next_job_on(self, app, tmp_path):
        app.make()
        app.controller.change_settings(Settings(output_folder=str(tmp_path / "elsewhere")))
        app.make()
        first, second = (event.path for event in app.told(ImageSaved))
        assert first.is_relative_to(app.places.outputs)
        assert second.is_relative_to(tmp_path / "elsewhere")

    def test_what_a_terminal_changes_is_in_force_in_the_open_window(self, app):
        change_on_disk(app, machines=(Machine("sketch", name="second"),))
        app.wait(lambda: app.controller.settings.machines)
        assert [state.name for state in app.controller.nodes.states] == ["sketch", "second"]
        assert app.told(SettingsChanged)

    def test_what_a_terminal_and_the_window_change_at_the_same_time_is_both_kept(self, app):
        for n in range(1, 9):
            change_on_disk(app, seed=n)
            app.controller.change_settings(replace(app.controller.settings, pack=f"pack {n}"))
            app.until(SettingsSaved, n)
            app.wait(lambda n=n: (app.controller.settings.seed, app.controller.settings.pack) == (n, f"pack {n}"))
            found = load_settings(app.places.settings_file).settings
            assert (found.seed, found.pack) == (n, f"pack {n}")

    def test_of_the_same_setting_the_later_change_holds(self, app):
        app.controller.change_settings(Settings(seed=1))
        app.controller.change_settings(Settings(seed=2))
        app.controller.change_settings(Settings(seed=1))
        app.until(SettingsSaved, 3)
        change_on_disk(app, seed=5)
        app.wait(lambda: app.controller.settings.seed == 5)

    @pytest.mark.parametrize("data", [b"{ no", b"", None])
    def test_a_file_that_others_damage_or_remove_changes_nothing(self, app, data):
        app.controller.change_settings(Settings(seed=1))
        app.until(SettingsSaved)
        app.places.settings_file.unlink()
        if data is not None:
            app.places.settings_file.write_bytes(data)
        app.controller.change_settings(replace(app.controller.settings, pack="rain"))
        app.until(SettingsSaved, 2)
        assert load_settings(app.places.settings_file).settings == Settings(seed=1, pack="rain")
        assert app.controller.settings == Settings(seed=1, pack="rain")

    def test_settings_that_cannot_be_saved_are_told_and_in_force(self, app):
        app.places.settings_file.mkdir(parents=True)
        app.controller.change_settings(Settings(seed=3))
        assert isinstance(app.until(OrderFailed).order, SaveSettings)
        assert app.controller.settings.seed == 3


class TestAwayServer:
    @pytest.fixture(autouse=True)
    def _short_waits(self, monkeypatch):
        monkeypatch.setattr(workers, "PROBE_DELAYS_S", (0.01,))

    def test_the_queue_waits_and_goes_on_by_itself(self, open_app):
        with FakeWebUI() as server:
            app = open_app(Settings(backend=server.url))
            server.go_down()
            app.controller.run(request(2))
            app.until(NodeWaiting, 3)
            assert app.told(JobEnded) == []
            server.come_back()
            app.idle()
            assert [record.status for record in app.records()] == ["ok", "ok"]
            assert server.count("txt2img") == 2

    def test_another_address_frees_the_job_that_waits(self, open_app):
        app = open_app(Settings(backend="http://127.0.0.1:9"))
        app.controller.run(request(2))
        app.until(NodeWaiting)
        app.controller.change_settings(Settings())
        app.idle()
        made = [record for record in app.records() if record.status == "ok"]
        assert sorted(record.prompt for record in made) == ["a boat number 0", "a boat number 1"]
        assert {record.backend.kind for record in made} == {"sketch"}

    def test_where_a_login_is_wanted_the_queue_waits_until_it_is_given(self, open_app):
        with FakeWebUI(auth="me:right") as server:
            app = open_app(Settings(backend=server.url))
            app.controller.run(request(2))
            waiting = app.until(NodeWaiting)
            assert (waiting.brief, waiting.retry_in_s, app.told(JobEnded)) == ("wants a login", 60.0, [])
            assert server.count("txt2img") == 0
            app.controller.change_settings(Settings(backend=f"http://me:right@127.0.0.1:{server.port}"))
            app.idle()
            made = [record for record in app.records() if record.status == "ok"]
            assert (len(made), server.count("txt2img")) == (2, 2)

    def test_an_impatient_controller_lets_the_jobs_fail(self, open_app):
        app = open_app(Settings(backend="http://127.0.0.1:9"), patient=False)
        app.make(2)
        assert [record.error.error for record in app.records()] == ["Unreachable", "Unreachable"]
