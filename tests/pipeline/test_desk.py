"""What the desk does: every order is answered by the event that belongs to it, or by a sentence."""

from __future__ import annotations

import io
import shutil

import pytest
from fake_webui import FakeWebUI
from jobs import LATER, job
from journal_lines import output, rate, record
from PIL import Image

from stablenew_tk.backends.sketch.backend import Sketch
from stablenew_tk.backends.webui.backend import WebUI
from stablenew_tk.domain.base.errors import InvalidInput, NotSaved, StorageError, Unreadable
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.insights.association import RatedRecord
from stablenew_tk.domain.journal.position import Position
from stablenew_tk.domain.journal.query import Query
from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.pipeline.desk import DeskWork
from stablenew_tk.pipeline.messages.base import Order
from stablenew_tk.pipeline.messages.jobs import CheckBackend, KeepWaiting
from stablenew_tk.pipeline.messages.journal import AppendLines, LoadHistory, ReadRecord, SaveSnapshot
from stablenew_tk.pipeline.messages.pictures import (
    FindImages,
    FitFile,
    FitPicture,
    MakeThumbnail,
    ReadPicture,
    RevealFile,
)
from stablenew_tk.pipeline.messages.plans import FindAssociations, ReadPlan, WritePlan
from stablenew_tk.pipeline.messages.settings import SaveSettings
from stablenew_tk.storage.disk.places import find_places
from stablenew_tk.storage.journal.writer import LearningRecordWriter
from stablenew_tk.storage.settings import load_settings


class Room:
    def __init__(self, folder):
        self.places = find_places(str(folder / "data"), {}, None)
        self.writer = LearningRecordWriter(self.places.journal)
        self.chores = DeskWork(self.places, Settings(), self.writer, lambda order: WebUI(order.address))

    def do(self, order):
        return self.chores.perform(order)

    def recorded_picture(self, color="red", root=None):
        """A picture on disk with its record; gives the output and where the record stands."""
        out = io.BytesIO()
        Image.new("RGB", (400, 200), color).save(out, "PNG")
        one = output(path=f"2026-01-01/run/{color}.png")
        path = (root or self.places.outputs) / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(out.getvalue())
        made = record(images=0, outputs=(one,), output_root=str(root or ""))
        return one, self.writer.append(made).position, path


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path)


def test_an_order_nobody_knows_is_refused_by_name(room):
    class MakeCoffee(Order, frozen=True, kw_only=True):
        """Not on the list."""

    with pytest.raises(InvalidInput, match="MakeCoffee"):
        room.do(MakeCoffee())


class TestHistory:
    def test_an_empty_installation_has_an_empty_history(self, room):
        loaded = room.do(LoadHistory())
        assert (len(loaded.history), loaded.recent, loaded.waiting, loaded.damaged) == (0, (), (), 0)

    def test_records_come_newest_first_and_the_checkpoint_is_written(self, room):
        made = [room.writer.append(record()).line for _ in range(3)]
        loaded = room.do(LoadHistory())
        assert loaded.recent == tuple(reversed(made))
        assert room.places.snapshot.exists()
        assert len(room.do(LoadHistory()).history) == 3

    def test_jobs_that_have_a_record_are_not_offered_again(self, room):
        done, left = job(), job()
        room.do(KeepWaiting(jobs=(done, left)))
        room.writer.append(record(job_id=done.job_id))
        assert room.do(LoadHistory()).waiting == (left,)

    def test_damaged_lines_are_counted(self, room):
        room.writer.append(record())
        with next(room.places.journal.glob("*.jsonl")).open("ab") as file:
            file.write(b'{"kind":"run", torn\n')
        room.writer.append(record())
        loaded = room.do(LoadHistory())
        assert (loaded.damaged, len(loaded.history)) == (1, 2)

    def test_images_are_found_in_a_snapshot(self, room):
        room.writer.append(record(images=2))
        columns = room.do(LoadHistory()).history.visible().columns()
        found = room.do(FindImages(columns=columns, query=Query(rating="unrated")))
        assert (found.query.rating, len(found.selection.rows)) == ("unrated", 2)

    def test_the_question_comes_back_as_it_was_asked(self, room):
        query = Query()
        columns = room.do(LoadHistory()).history.visible().columns()
        assert room.do(FindImages(columns=columns, query=query)).query is query


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize(
    "way", ["/{0}/a.png", "../elsewhere/a.png", "x/../../elsewhere/a.png", "..\\elsewhere\\a.png", "a\0b", ""]
)
def test_a_path_in_a_record_never_leads_out_of_the_output_folder(room, tmp_path, way, inside):
    _, _, path = room.recorded_picture(root=tmp_path / "elsewhere")
    path.replace(tmp_path / "elsewhere" / "a.png")
    room.places.outputs.mkdir(parents=True)
    root = str(room.places.outputs) if inside else ""
    made = record(images=0, outputs=(output(path=way.format(tmp_path / "elsewhere")),), output_root=root)
    position = room.writer.append(made).position
    ready = room.do(ReadPicture(image_id="i", position=position, output_index=0, box=(10, 10)))
    assert (ready.width, "leads out of the output folder" in ready.problem) == (0, True)
    with pytest.raises(Unreadable, match="leads out"):
        room.do(RevealFile(image_id="i", position=position, output_index=0))


class TestLearning:
    PLAN = b'{"focus_parameter": "txt2img.cfg_scale", "variant_values": [5, 7], "pack": "boats", "prompt": "a boat"}'

    def test_a_plan_file_is_read_and_written_again(self, room, tmp_path):
        (tmp_path / "one.json").write_bytes(self.PLAN)
        read = room.do(ReadPlan(path=tmp_path / "one.json"))
        assert (read.problem, read.plan.variant_values) == ("", (5.0, 7.0))
        assert room.do(WritePlan(plan=read.plan, path=tmp_path / "two.json")).path == tmp_path / "two.json"
        again = room.do(ReadPlan(path=tmp_path / "two.json"))
        assert again.plan.variant_values == (5.0, 7.0)

    @pytest.mark.parametrize("data", [b"no plan", b'{"focus_parameter": "txt2img.magic"}', b"x" * 2_000_000, None])
    def test_a_plan_file_that_cannot_be_used_is_a_sentence(self, room, tmp_path, data):
        if data is not None:
            (tmp_path / "plan.json").write_bytes(data)
        read = room.do(ReadPlan(path=tmp_path / "plan.json"))
        assert read.plan is None
        assert read.problem

    def test_a_plan_that_cannot_be_written_is_an_error_for_the_desk_to_tell(self, room, tmp_path):
        (tmp_path / "one.json").write_bytes(self.PLAN)
        plan = room.do(ReadPlan(path=tmp_path / "one.json")).plan
        with pytest.raises(NotSaved):
            room.do(WritePlan(plan=plan, path=tmp_path / "no folder" / "two.json"))

    def test_a_record_that_cannot_be_read_costs_only_itself_among_associations(self, room, caplog):
        written = [room.writer.append(record(config=PipelineConfig())) for _ in range(3)]
        pictures = tuple(
            RatedRecord(saved.position, 0, saved.line.outputs[0].image_id, stars)
            for stars, saved in enumerate(written, start=3)
        )
        gone = RatedRecord(Position(9, 0, 10), 0, "gone", 1)
        found = room.do(FindAssociations(pack_id="heroes", checkpoint="dream", pictures=(*pictures, gone)))
        assert (found.pack_id, found.checkpoint) == ("heroes", "dream")
        assert "left out" in caplog.text


class TestLines:
    def test_a_saved_line_says_where_it_stands(self, room):
        lines = tuple(record() for _ in range(3))
        saved = room.do(AppendLines(lines=lines)).saved
        found = [room.do(ReadRecord(image_id="x", position=one.position)).record for one in saved]
        assert [one.event_id for one in found] == [one.event_id for one in lines]
        assert [one.seq for one in found] == [1, 2, 3]
        assert room.do(AppendLines(lines=(record(),))).saved[0].line.seq == 4

    def test_a_line_the_disk_refuses_is_given_back(self, room):
        room.places.journal.parent.mkdir(parents=True)
        room.places.journal.write_text("a file where the folder should be")
        line = rate(output(), 4)
        [refused] = room.do(AppendLines(lines=(line,))).refused
        assert refused.line == line
        assert str(room.places.journal) in refused.message

    def test_a_journal_that_cannot_be_listed_gives_the_line_back_too(self, room, monkeypatch):
        def refuse(_line):
            raise Unreadable("The journal folder cannot be listed.")

        monkeypatch.setattr(room.writer, "append_all", refuse)
        assert "listed" in room.do(AppendLines(lines=(record(),))).refused[0].message

    def test_one_that_can_never_be_written_keeps_no_other_from_the_disk(self, room):
        good, draft, other = rate(output(), 4), Feedback(image_id="x", rating=2), rate(output(), 5)
        told = room.do(AppendLines(lines=(good, draft, other)))
        assert [one.line.event_id for one in told.saved] == [good.event_id, other.event_id]
        [refused] = told.refused
        assert (refused.line, "draft" in refused.message) == (draft, True)

    def test_a_record_that_is_not_there_is_a_sentence(self, room):
        answer = room.do(ReadRecord(image_id="x", position=Position(1, 0, 10)))
        assert answer.record is None
        assert answer.problem.endswith(".")


class TestPictures:
    def test_a_thumbnail_is_made_once_and_then_kept(self, room):
        image, position, path = room.recorded_picture()
        order = MakeThumbnail(image_id=image.image_id, position=position, output_index=0, edge=100)
        first = room.do(order)
        path.unlink()
        assert room.do(order).jpeg == first.jpeg
        with Image.open(io.BytesIO(first.jpeg), formats=("JPEG",)) as small:
            assert small.size == (100, 50)

    def test_a_picture_is_fitted_and_enlarged_only_to_fill_its_place(self, room):
        image, position, path = room.recorded_picture()
        order = ReadPicture(image_id=image.image_id, position=position, output_index=0, box=(200, 200))
        ready = room.do(order)
        assert (ready.width, ready.height, len(ready.rgb)) == (200, 100, 60_000)
        assert room.do(FitFile(image_id="x", path=path, box=(900, 900))).width == 400
        assert room.do(FitPicture(image_id="x", data=path.read_bytes(), box=(40, 40))).height == 20
        large = room.do(FitFile(image_id="x", path=path, box=(900, 900), fill=True))
        assert (large.width, large.height, len(large.rgb)) == (900, 450, 1_215_000)
        assert room.do(FitFile(image_id="x", path=path, box=(90, 900), fill=True)).width == 90

    def test_a_picture_that_is_gone_or_damaged_is_a_sentence(self, room):
        image, position, path = room.recorded_picture()
        path.write_bytes(b"no picture")
        thumb = MakeThumbnail(image_id=image.image_id, position=position, output_index=0, edge=100)
        assert (room.do(thumb).jpeg, "not a PNG" in room.do(thumb).problem) == (b"", True)
        path.unlink()
        whole = ReadPicture(image_id=image.image_id, position=position, output_index=0, box=(9, 9))
        assert "cannot be read" in room.do(whole).problem
        assert room.do(FitFile(image_id="x", path=path, box=(9, 9))).problem
        assert room.do(FitPicture(image_id="x", data=b"", box=(9, 9))).problem

    def test_pictures_are_found_where_they_were_made_when_the_output_folder_has_changed_since(self, room, tmp_path):
        image, position, _ = room.recorded_picture(root=tmp_path / "elsewhere")
        order = MakeThumbnail(image_id=image.image_id, position=position, output_index=0, edge=50)
        assert room.do(order).jpeg

    def test_showing_a_file_that_is_gone_is_refused(self, room):
        image, position, path = room.recorded_picture()
        path.unlink()
        with pytest.raises(StorageError, match="no longer there"):
            room.do(RevealFile(image_id=image.image_id, position=position, output_index=0))


class TestBackendAndSettings:
    def test_a_backend_that_answers_tells_what_it_has(self, room):
        with FakeWebUI() as server:
            checked = room.do(CheckBackend(address=server.url))
        assert "ink_model" in " ".join(checked.capabilities.checkpoints)
        assert checked.seconds > 0

    def test_a_backend_that_does_not_answer_and_an_address_that_is_none_are_sentences(self, room):
        assert "No WebUI is running" in room.do(CheckBackend(address="http://127.0.0.1:9")).problem
        answer = room.do(CheckBackend(address="http://"))
        assert answer.capabilities is None
        assert "http://127.0.0.1:7860" in answer.problem

    def test_settings_are_on_disk_and_in_force(self, room, tmp_path):
        wanted = Settings(output_folder=str(tmp_path / "pictures"), seed=5)
        assert room.do(SaveSettings(settings=wanted, before=Settings())).settings == wanted
        assert load_settings(room.places.settings_file).settings == wanted
        assert room.places.output_root(wanted.output_folder) == tmp_path / "pictures"
        assert room.places.output_root("") == room.places.outputs

    def test_settings_that_cannot_be_saved_are_an_error_for_the_desk_to_tell(self, room):
        room.places.data.parent.mkdir(parents=True, exist_ok=True)
        room.places.data.write_text("a file where the folder should be")
        with pytest.raises(NotSaved):
            room.do(SaveSettings(settings=Settings(), before=Settings()))

    def test_a_snapshot_that_cannot_be_saved_costs_nothing(self, room, caplog):
        history = room.do(LoadHistory()).history
        room.places.cache.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(room.places.cache, ignore_errors=True)
        room.places.cache.write_text("a file where the folder should be")
        room.do(SaveSnapshot(history=history))
        assert "snapshot was not saved" in caplog.text


def test_the_names_of_stages_are_those_of_the_sketch():
    assert job(**LATER).stages == Sketch().check().stages
