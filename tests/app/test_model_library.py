"""Models in the running app: found, watched, read, and their profiles written; and nothing of it holds anything up."""

from __future__ import annotations

import io
import json
import threading

import msgspec
import pytest
from journal_lines import output, rate, record
from learning_lab import Lab
from PIL import Image
from whole_app import App

from stablenew_tk.app import model_library as models_module
from stablenew_tk.app.models.best_settings import count_order
from stablenew_tk.backends.sketch.contract import CHECKPOINTS
from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.domain.models.profile import LEARNED, LoraProfile, ModelPreset, ModelProfile, RecommendedWeight
from stablenew_tk.domain.models.recommendations import FileRecommendation, Hashes
from stablenew_tk.pipeline.messages.base import OrderFailed
from stablenew_tk.pipeline.messages.models import (
    FoldersTouched,
    LibraryChanged,
    MakePreview,
    ModelHashed,
    ModelRead,
    ProfileSaved,
    ReadModel,
    RevealModel,
    SaveModelProfile,
)
from stablenew_tk.pipeline.messages.pictures import ThumbnailReady
from stablenew_tk.storage.models import library
from stablenew_tk.storage.models.hashes import hash_file
from stablenew_tk.storage.models.index import encoded
from stablenew_tk.storage.models.model_entry import ModelEntry, SidecarFile
from stablenew_tk.storage.models.name_lookup import LibraryNames

CLEAR = {12: (2, 2, 1, 2), 20: (3, 3, 2, 3), 28: (5, 5, 4, 5)}


@pytest.fixture
def model_folder(tmp_path):
    folder = tmp_path / "models" / "Stable-diffusion"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def open_app(tmp_path, model_folder):
    apps = []

    def make(*folders, **settings):
        chosen = tuple(map(str, folders or (model_folder,)))
        apps.append(App(tmp_path / "data", Settings(model_folders=chosen, **settings)))
        return apps[-1]

    yield make
    for app in apps:
        app.controller.close()


def model(folder, name, **metadata):
    folder.mkdir(parents=True, exist_ok=True)
    header = json.dumps({"__metadata__": {"ss_base_model_version": "sdxl_base_v1-0", **metadata}}).encode()
    path = folder / name
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    return path


def profile(model_file, steps=31, **more):
    path = model_file.with_name(f"{model_file.stem}.modelprofile.json")
    document = {"kind": "model_profile", "recommended_presets": [{"id": "mine", "rating": "good", "steps": steps}]}
    path.write_text(json.dumps(document | more))
    return path


def png():
    data = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(data, "PNG")
    return data.getvalue()


def done(app):
    app.wait(lambda: app.controller.models.done)


def steps(app, name):
    known = app.controller.models.usable(name)
    return known.values["txt2img.steps"].value if known is not None and "txt2img.steps" in known.values else None


class TestTheLibrary:
    def test_without_model_folders_nothing_is_looked_at_and_no_thread_is_started(self, tmp_path):
        app = App(tmp_path / "data")
        assert app.controller.models.snapshot is None
        assert app.controller.models.find("dream") is None
        assert not [one for one in threading.enumerate() if one.name.startswith(("models", "hashes"))]
        app.controller.close()

    def test_models_of_the_folders_are_found_by_themselves(self, open_app, model_folder):
        model(model_folder, "dream.safetensors")
        model(model_folder.parent / "Lora", "rain.safetensors", ss_network_module="networks.lora")
        app = open_app(model_folder.parent)
        done(app)
        models = app.controller.models
        assert [one.name for one in models.entries("lora")] == ["rain.safetensors"]
        assert {one.name for one in models.entries()} == {"dream.safetensors", "rain.safetensors"}
        assert app.told(LibraryChanged)[-1].snapshot is models.snapshot

    def test_a_model_that_is_copied_or_deleted_while_the_app_runs_is_noticed(self, open_app, model_folder):
        app = open_app()
        done(app)
        path = model(model_folder / "new", "late.safetensors")
        app.wait(lambda: app.controller.models.find("late"))
        path.unlink()
        app.wait(lambda: app.controller.models.find("late") is None)

    def test_other_folders_in_the_settings_are_looked_through_at_once(self, open_app, model_folder, tmp_path):
        model(model_folder, "first.safetensors")
        model(tmp_path / "other", "second.safetensors")
        app = open_app()
        done(app)
        before = app.controller.settings
        app.controller.change_settings(msgspec.structs.replace(before, model_folders=(str(tmp_path / "other"),)))
        app.wait(lambda: app.controller.models.find("second"))
        assert app.controller.models.find("first") is None
        app.controller.change_settings(msgspec.structs.replace(before, model_folders=()))
        app.wait(lambda: app.controller.models.snapshot is None)

    def test_the_next_start_knows_the_models_before_it_has_looked(self, open_app, model_folder, tmp_path):
        model(model_folder, "dream.safetensors")
        app = open_app()
        done(app)
        app.controller.close()
        again = App(tmp_path / "data", app.controller.settings, wait=False)
        try:
            assert [one.name for one in again.until(LibraryChanged).snapshot.entries] == ["dream.safetensors"]
        finally:
            again.controller.close()

    def test_a_folder_that_is_not_there_is_told_and_does_no_harm(self, open_app, tmp_path, model_folder):
        model(model_folder, "dream.safetensors")
        app = open_app(tmp_path / "gone", model_folder)
        done(app)
        assert app.controller.models.find("dream")
        assert "gone is not there" in app.controller.models.snapshot.problems[0]

    def test_a_drive_that_does_not_answer_holds_up_no_rating(self, open_app, model_folder, monkeypatch):
        answers, real = threading.Event(), library.listing

        def slow(*arguments):
            answers.wait(60)
            return real(*arguments)

        monkeypatch.setattr(library, "listing", slow)
        app = open_app()
        try:
            app.make()
            app.say(app.images(), rating=4)
            assert app.held()[0].rating == 4
            assert not app.controller.models.done
        finally:
            answers.set()
        done(app)


class TestLateAnswers:
    def test_news_of_folders_that_were_changed_meanwhile_are_not_taken_for_those_of_the_new_ones(
        self, open_app, model_folder, tmp_path
    ):
        model(model_folder, "first.safetensors")
        app = open_app()
        done(app)
        late = app.told(LibraryChanged)[-1]
        assert late.done
        other = msgspec.structs.replace(app.controller.settings, model_folders=(str(tmp_path / "other"),))
        app.controller.change_settings(other)
        app.controller.models.fold(late)
        assert not app.controller.models.done
        done(app)
        assert app.controller.models.find("first") is None

    def test_a_notice_about_a_folder_that_is_no_longer_one_is_not_kept(self, open_app, model_folder):
        app = open_app()
        done(app)
        late = FoldersTouched(
            library=app.told(LibraryChanged)[-1].library,
            folders=frozenset(),
            trees=frozenset(),
            notices=("It cannot be watched.",),
        )
        app.controller.models.fold(late)
        assert app.controller.models.notices == late.notices
        app.controller.change_settings(msgspec.structs.replace(app.controller.settings, model_folders=()))
        app.controller.models.fold(late)
        assert app.controller.models.notices == ()

    def test_the_hash_of_a_file_as_it_was_is_not_taken_for_that_of_the_file_as_it_is(self, open_app, model_folder):
        path = model(model_folder, "dream.safetensors")
        app = open_app()
        done(app)
        models = app.controller.models
        app.wait(lambda: models.settings(path) and models.settings(path).hashes.autov2)
        late = app.told(ModelHashed)[-1]
        model(model_folder, "dream.safetensors", changed="yes")
        now = hash_file(path).autov2
        app.wait(lambda: models.settings(path) and models.settings(path).hashes.autov2 == now)
        models.fold(late)
        models.ask(ReadModel(path=str(path)))
        app.until(ModelRead, len(app.told(ModelRead)) + 1)
        assert models.settings(path).hashes.autov2 == now


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            *("juggernautXL_v9", "juggernautXL_v9.safetensors", "juggernautXL_v9.safetensors [abcdef1234]"),
            *("sub/juggernautXL_v9.safetensors [abcdef1234]", "sub\\juggernautXL_v9", "JuggernautXL v9"),
            *("another-name.safetensors [abcdef1234]", "another-name [abcdef1234567890]"),
        ],
    )
    def test_a_checkpoint_is_found_however_its_backend_writes_it(self, name):
        assert LibraryNames([juggernaut("/models/sub")]).find(name)

    def test_the_folder_tells_files_of_one_name_apart(self):
        known = LibraryNames([juggernaut("/models/one"), juggernaut("/models/two")])
        assert known.find("two/juggernautXL_v9.safetensors").folder == "/models/two"
        assert known.find("one\\juggernautXL_v9.safetensors [abcdef1234]").folder == "/models/one"

    def test_another_model_is_not_taken_for_it(self):
        known = LibraryNames([juggernaut("/models")])
        for name in ("juggernautXL_v8", "other [0123456789]", "", "[abcd]", "abcdef1234"):
            assert known.find(name) is None, name
        assert known.find("juggernautXL_v9", "lora") is None
        assert known.find("juggernautXL_v9", "")

    def test_a_lora_is_found_by_the_name_inside_its_file_too(self):
        reading = encoded(FileRecommendation(file="r2.safetensors", dialect="header", names=("rainy-streets",)))
        lora = ModelEntry("/l", "r2.safetensors", "r2", "lora", files=(SidecarFile("r2", "header", True, reading),))
        assert LibraryNames([lora]).find("rainy-streets", "lora") is lora
        assert LibraryNames([lora]).find("rainy", "lora") is None


def juggernaut(folder):
    reading = encoded(
        FileRecommendation(file="j.json", dialect="civitai", hashes=Hashes(sha256="abcdef1234567890" * 4))
    )
    files = (SidecarFile("j.json", "civitai", True, reading),)
    return ModelEntry(folder, "juggernautXL_v9.safetensors", "juggernautXL_v9", "checkpoint", files=files)


class TestRecommendations:
    def test_a_sidecar_copied_beside_the_checkpoint_in_use_changes_what_is_usable_by_itself(
        self, open_app, model_folder
    ):
        path = model(model_folder, f"{CHECKPOINTS[0]}.safetensors")
        app = open_app()
        done(app)
        app.wait(lambda: app.controller.models.usable() is not None)
        assert steps(app, "") != 33
        profile(path, 33)
        # Nobody asks for anything meanwhile; only the events are taken in.
        app.wait(lambda: any(one.settings.profile is not None for one in app.told(ModelRead)))
        assert steps(app, "") == 33

    def test_a_half_written_sidecar_keeps_the_last_values_and_says_why(self, open_app, model_folder):
        path = model(model_folder, "dream.safetensors")
        sidecar = profile(path, 33)
        app = open_app()
        app.wait(lambda: steps(app, "dream") == 33)
        sidecar.write_text('{"kind": "model_profile", "recomm')
        app.wait(lambda: app.controller.models.settings(path) and app.controller.models.settings(path).problems)
        assert steps(app, "dream") == 33
        assert "stays in force" in " ".join(app.controller.models.settings(path).problems)

    def test_what_the_backend_does_not_have_is_left_out_with_a_sentence(self, open_app, model_folder):
        profile(model(model_folder, "dream.safetensors"), default_refiner_id="sdxl_refiner_official")
        app = open_app()
        app.wait(lambda: app.controller.models.usable("dream") is not None)
        assert "refiner.checkpoint" not in app.controller.models.usable("dream").values
        assert "not installed" in app.controller.models.usable("dream").notices[0]

    def test_the_same_question_gives_the_same_answer_without_work(self, open_app, model_folder):
        profile(model(model_folder, "dream.safetensors"))
        app = open_app()
        app.wait(lambda: app.controller.models.usable("dream") is not None)
        models = app.controller.models
        assert models.usable("dream") is models.usable("dream")

    def test_a_file_that_cannot_be_read_is_asked_for_once(self, open_app, model_folder):
        app = open_app()
        assert app.controller.models.settings(model_folder / "none.safetensors") is None
        assert "none.safetensors" in app.until(ModelRead).problem
        assert app.controller.models.settings(model_folder / "none.safetensors") is None
        done(app)
        assert len(app.told(ModelRead)) == 1

    def test_a_model_outside_the_folders_can_be_read_too(self, open_app, tmp_path):
        path = model(tmp_path / "elsewhere", "dream.safetensors")
        profile(path, 44)
        app = open_app()
        app.controller.models.settings(path)
        app.until(ModelRead)
        assert app.controller.models.settings(path).values["txt2img.steps"].value == 44

    def test_styles_of_the_user_count_and_a_bad_file_is_told(self, open_app, tmp_path):
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "styles.json").write_text('{"styles": [{"style_profile_id": "foggy"}, {}]}')
        models = open_app().controller.models
        assert models.styles.style("foggy")
        assert models.styles.style("anime")
        assert "left out" in models.notices[0]


class TestProfiles:
    def test_a_profile_is_said_saved_when_it_is_on_disk_and_counts_at_once(self, open_app, model_folder):
        path = model(model_folder, "dream.safetensors")
        app = open_app()
        done(app)
        preset = ModelPreset(id="mine", rating="best", steps=42)
        app.controller.models.save_model_profile(path, ModelProfile(recommended_presets=(preset,)))
        saved = app.until(ProfileSaved)
        assert (saved.model, saved.path) == (str(path), str(model_folder / "dream.modelprofile.json"))
        assert (
            json.loads((model_folder / "dream.modelprofile.json").read_text())["recommended_presets"][0]["steps"] == 42
        )
        app.wait(lambda: steps(app, "dream") == 42)

    def test_it_can_be_taken_back_step_by_step(self, open_app, model_folder):
        path = model(model_folder, "rain.safetensors")
        app = open_app()
        models = app.controller.models
        for weight in (0.6, 0.8):
            weights = (RecommendedWeight(weight=weight),)
            models.save_lora_profile(path, LoraProfile(recommended_weights=weights))
        sidecar = model_folder / "rain.loraprofile.json"
        app.until(ProfileSaved, 2)
        assert '"weight": 0.8' in sidecar.read_text()
        models.take_back(str(sidecar))
        app.until(ProfileSaved, 3)
        assert '"weight": 0.6' in sidecar.read_text()
        models.take_back(str(sidecar))
        app.until(ProfileSaved, 4)
        assert not sidecar.exists()
        models.take_back(str(sidecar))
        assert "nothing to take back" in app.until(OrderFailed).message

    def test_a_damaged_file_is_not_written_over(self, open_app, model_folder):
        path = model(model_folder, "dream.safetensors")
        sidecar = model_folder / "dream.modelprofile.json"
        sidecar.write_text("{ half of")
        app = open_app()
        app.controller.ask(SaveModelProfile(model=str(path), profile=ModelProfile()))
        failed = app.until(OrderFailed)
        assert isinstance(failed.order, SaveModelProfile)
        assert "dream.modelprofile.json" in failed.message
        assert sidecar.read_text() == "{ half of"
        assert not app.told(ProfileSaved)


class TestPreviews:
    def test_a_picture_beside_a_model_becomes_small_and_a_new_one_is_seen(self, open_app, model_folder):
        app = open_app()
        picture = model_folder / "dream.preview.png"
        picture.write_bytes(png())
        order = MakePreview(image_id=str(picture), path=str(picture), edge=32)
        app.controller.ask(order, last=True)
        first = app.until(ThumbnailReady)
        assert first.jpeg.startswith(b"\xff\xd8")
        assert first.image_id == str(picture)
        picture.write_bytes(b"no picture")
        app.controller.ask(order, last=True)
        assert app.until(ThumbnailReady, 2).problem

    def test_a_model_that_is_gone_is_said_so_when_it_should_be_shown(self, open_app, model_folder):
        app = open_app()
        app.controller.ask(RevealModel(path=str(model_folder / "gone.safetensors")))
        assert "no longer there" in app.until(OrderFailed).message


class TestLearned:
    def learned(self, app, tmp_path, focus="txt2img.steps", stars=CLEAR, **plan):
        lab = Lab(tmp_path / "lab")
        plan = lab.plan(focus, tuple(stars), 4, **plan)
        lab.make(plan)
        lab.rate(stars)
        app.controller.models.learned(plan, lab.report(plan))
        return plan

    def test_a_settled_value_stands_in_the_profile_with_its_evidence_beside_what_a_person_wrote(
        self, open_app, model_folder, tmp_path
    ):
        path = model(model_folder, "dream.safetensors")
        sidecar = profile(path, 33, my_own_key="stays")
        app = open_app()
        done(app)
        plan = self.learned(app, tmp_path)
        app.until(ProfileSaved)
        document = json.loads(sidecar.read_text())
        mine, learned = document["recommended_presets"]
        assert mine == {"id": "mine", "rating": "good", "steps": 33}
        assert document["my_own_key"] == "stays"
        assert (learned["steps"], learned["source"], learned["ratings"]) == (28, LEARNED, 12)
        assert learned["plan_id"] == plan.plan_id
        assert len(learned["date"]) == 10
        app.wait(lambda: steps(app, "dream.safetensors") == 28)
        app.controller.models.take_back(app.told(ProfileSaved)[-1].path)
        app.wait(lambda: steps(app, "dream.safetensors") == 33)

    def test_the_weight_of_a_lora_stands_in_its_own_profile(self, open_app, model_folder, tmp_path):
        model(model_folder, "rain.safetensors", ss_network_module="networks.lora")
        app = open_app()
        done(app)
        self.learned(app, tmp_path, "lora:rain", {0.4: (2, 2, 1, 2), 0.6: (3, 3, 2, 3), 0.8: (5, 5, 4, 5)})
        app.until(ProfileSaved)
        (weight,) = json.loads((model_folder / "rain.loraprofile.json").read_text())["recommended_weights"]
        assert (weight["weight"], weight["source"], weight["ratings"]) == (0.8, LEARNED, 12)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"backend_kind": "sketch"}, "sketch engine"),
            ({"stars": {12: (3, 2), 20: (2, 3)}}, "not settled"),
            ({"focus": "checkpoint", "stars": dict(zip(("a", "b", "c"), CLEAR.values(), strict=True))}, "checkpoints"),
            ({"focus": "lora:snow", "stars": dict(zip((0.4, 0.6, 0.8), CLEAR.values(), strict=True))}, "“snow” is in"),
            ({}, "“dream.safetensors” is in none of the model folders"),
        ],
    )
    def test_what_cannot_be_learned_from_is_refused_with_a_sentence_and_nothing_is_written(
        self, open_app, model_folder, tmp_path, changes, why
    ):
        app = open_app()
        done(app)
        with pytest.raises(InvalidInput, match=why):
            self.learned(app, tmp_path, **changes)
        app.controller.close()
        assert not list(model_folder.iterdir())

    def seen(self, tmp_path, plan=True):
        """A journal of the app itself with a settled Learning Run about dream.safetensors."""
        lab = Lab(tmp_path / "data")
        made = lab.plan("txt2img.steps", tuple(CLEAR), 4)
        lab.make(made)
        lab.rate(CLEAR)
        return lab, made

    def test_the_summary_says_what_this_journal_saw_and_is_brought_up_to_date_at_the_next_start(
        self, open_app, model_folder, tmp_path
    ):
        model(model_folder, "dream.safetensors")
        lab, plan = self.seen(tmp_path)
        app = open_app()
        done(app)
        app.controller.models.learned(plan, lab.report(plan))
        app.until(ProfileSaved)
        sidecar = model_folder / "dream.modelprofile.json"
        summary = json.loads(sidecar.read_text())["learning_summary"]
        assert (summary["runs_observed"], summary["ratings"], summary["mean_rating"]) == (1, 12, 3.08)
        app.controller.close()
        picture = output()
        lab.append(record(run_id="LATER", outputs=(picture,), ts="2026-02-02T00:00:00.000Z"), rate(picture, 5))
        again = open_app()
        done(again)
        again.controller.models.settings(model_folder / "dream.safetensors")
        again.wait(lambda: json.loads(sidecar.read_text())["learning_summary"]["ratings"] == 13)
        assert json.loads(sidecar.read_text())["learning_summary"]["newest_run"] == "LATER"
        # And again whenever all models are counted, as Models does after every rating.
        history = again.controller.history
        again.controller.rate([picture.image_id], Feedback(image_id="", rating=4))
        again.wait(lambda: history.visible().facts(history.row_of(picture.image_id)).rating == 4)
        again.controller.ask(count_order(again.controller, history))
        again.wait(lambda: json.loads(sidecar.read_text())["learning_summary"]["mean_rating"] == 3.15)
        assert json.loads(sidecar.read_text())["recommended_presets"][0]["plan_id"] == plan.plan_id

    @pytest.mark.parametrize("theirs", [{"runs_observed": 140, "mean_rating": 4.1}, {"runs_observed": 3}])
    def test_a_summary_of_somebody_else_stays_as_it_is(self, open_app, model_folder, tmp_path, theirs):
        path = model(model_folder, "dream.safetensors")
        sidecar = profile(path, 33, learning_summary=theirs)
        lab, plan = self.seen(tmp_path)
        app = open_app()
        done(app)
        app.controller.models.learned(plan, lab.report(plan))
        app.until(ProfileSaved)
        document = json.loads(sidecar.read_text())
        assert document["learning_summary"] == theirs
        assert len(document["recommended_presets"]) == 2

    def test_looking_at_a_model_writes_nothing_beside_it(self, open_app, model_folder, tmp_path):
        path = model(model_folder, "dream.safetensors")
        sidecar = profile(path, 33)
        before = sidecar.read_bytes()
        self.seen(tmp_path)
        app = open_app()
        done(app)
        app.wait(lambda: app.controller.models.settings(path))
        app.controller.close()
        assert sidecar.read_bytes() == before


class TestHashes:
    def test_a_model_that_is_looked_at_gets_its_hash_and_is_then_found_by_it(self, open_app, model_folder):
        path = model(model_folder, "dream.safetensors")
        known = hash_file(path).autov2
        app = open_app()
        done(app)
        models = app.controller.models
        assert models.find(f"renamed-on-the-server.safetensors [{known}]") is None
        models.settings(path)
        app.wait(lambda: models.settings(path) and models.settings(path).hashes.autov2 == known)
        assert models.find(f"renamed-on-the-server.safetensors [{known}]").path == path
        assert models.find(f"renamed-on-the-server.safetensors [{known}]", "lora") is None

    def test_a_changed_file_is_hashed_anew(self, open_app, model_folder):
        path = model(model_folder, "dream.safetensors")
        app = open_app()
        done(app)
        models = app.controller.models
        app.wait(lambda: models.settings(path) and models.settings(path).hashes.autov2)
        model(model_folder, "dream.safetensors", changed="yes")
        now = hash_file(path).autov2
        app.wait(lambda: models.settings(path) and models.settings(path).hashes.autov2 == now)

    def test_only_the_checkpoint_in_use_is_hashed_when_files_are_large(self, open_app, model_folder, monkeypatch):
        monkeypatch.setattr(models_module, "SOON_HASHED", 1)
        path = model(model_folder, "dream.safetensors")
        app = open_app()
        done(app)
        app.controller.models.settings(path)
        app.until(ModelRead)
        app.wait(lambda: app.controller.models.usable("dream") is not None)
        assert app.until(ModelHashed).order.path == str(path)

    def test_what_a_sidecar_tells_is_not_computed_and_programs_are_never_opened(self, open_app, model_folder):
        told = model(model_folder, "told.safetensors")
        told.with_suffix(".civitai.info").write_text(json.dumps({"id": 1, "files": [{"hashes": {"AutoV2": "a" * 10}}]}))
        (model_folder / "old.ckpt").write_bytes(b"weights")
        app = open_app()
        done(app)
        for path in (told, model_folder / "old.ckpt"):
            app.controller.models.settings(path)
        assert app.until(ModelHashed).order.path.endswith("old.ckpt")
        assert "never opened" in app.told(ModelHashed)[0].problem
        assert app.controller.models.settings(told).hashes.autov2 == "a" * 10
