"""What is known of the engine of a run while nobody answers at the address, and when somebody does."""

from __future__ import annotations

import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from jobs import SMALL
from kept_port import KeptPort
from msgspec.structs import replace
from whole_app import App, request

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.insights.matrix import board
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt
from stablenew_tk.pipeline.messages.base import OrderFailed
from stablenew_tk.pipeline.messages.jobs import BackendChecked, JobEnded, NodeWaiting


def plan(checkpoint="ink_model"):
    return LearningPlan(
        plan_id="",
        name="CFG of boats",
        focus_parameter="txt2img.cfg_scale",
        pack_id="boats",
        prompts=(PlanPrompt("p1", "a boat", "blur"),),
        base_config=with_values(PipelineConfig(), SMALL | {"checkpoint": checkpoint}),
        variant_values=(3.0, 5.0),
        images_per_variant=1,
        seeds=(7,),
    )


@pytest.fixture
def port():
    """Nobody listens there until a server takes its place."""
    with KeptPort() as kept:
        yield kept


@pytest.fixture
def app(tmp_path, port):
    one = App(tmp_path / "data", Settings(backend=f"http://127.0.0.1:{port.number}"))
    yield one
    one.controller.close()


def saved(app, plan_id):
    return app.controller.history.plans.plan(plan_id)


def finished(app, plan_id):
    app.idle()
    app.wait(lambda: not app.controller.unsaved)
    return board(app.controller.history, plan_id)


def comfyui_at(port):
    port.release()
    return FakeComfyUI(port=port.number)


def webui_at(port):
    port.release()
    return FakeWebUI(port=port.number)


class TestBegunWhileNobodyAnswers:
    @pytest.mark.parametrize("kind", ["comfyui", "webui"])
    def test_the_engine_is_unknown_until_a_server_has_answered(self, app, port, kind):
        checkpoint = {"comfyui": "ink_model", "webui": ""}[kind]
        begun = app.controller.learning.start(plan(checkpoint))
        app.until(NodeWaiting)
        app.wait(lambda: saved(app, begun.plan_id) is not None)
        assert saved(app, begun.plan_id).backend_kind == ""
        with {"comfyui": comfyui_at, "webui": webui_at}[kind](port):
            made = finished(app, begun.plan_id)
        assert [cell.state for cell in made.cells] == ["made", "made"]
        assert saved(app, begun.plan_id).backend_kind == kind
        assert {record.backend.kind for record in app.records()} == {kind}
        assert app.told(OrderFailed) == []

    def test_once_it_is_settled_another_kind_of_server_is_refused(self, app, port):
        begun = app.controller.learning.start(plan())
        app.until(NodeWaiting)
        with comfyui_at(port):
            finished(app, begun.plan_id)
        with webui_at(port) as other:
            app.controller.check_backend()
            app.until(BackendChecked, 2)
            with pytest.raises(InvalidInput, match="uses ComfyUI; pictures of a WebUI cannot be compared"):
                app.controller.learning.go_on(begun.plan_id)
            assert other.count("txt2img") == 0

    def test_it_goes_on_at_the_next_start_with_whatever_answers_first(self, tmp_path, app, port):
        begun = app.controller.learning.start(plan())
        app.until(NodeWaiting)
        app.controller.close()
        with comfyui_at(port):
            again = App(tmp_path / "data", Settings(backend=f"http://127.0.0.1:{port.number}"))
            again.controller.resume(go_on=True)
            made = finished(again, begun.plan_id)
            assert [cell.state for cell in made.cells] == ["made", "made"]
            assert saved(again, begun.plan_id).backend_kind == "comfyui"
            again.controller.close()

    def test_the_record_of_a_job_that_nobody_made_names_no_engine(self, app):
        app.controller.run(request())
        app.until(NodeWaiting)
        app.controller.cancel()
        record = app.until(JobEnded).record
        assert (record.status, record.backend.kind) == ("cancelled", "")

    def test_a_sketch_plan_stays_one_and_is_refused_at_an_address(self, app):
        with pytest.raises(InvalidInput, match="the sketch engine"):
            app.controller.learning.start(replace(plan(), backend_kind="sketch"))


class TestNoCheckpoint:
    def test_a_learning_run_that_names_none_is_refused_at_once(self, app, port):
        with comfyui_at(port) as fake:
            app.controller.check_backend()
            app.until(BackendChecked, 2)
            with pytest.raises(InvalidInput, match=r"checkpoint: choose one\. ComfyUI .* keeps none loaded"):
                app.controller.learning.start(plan(checkpoint=""))
            assert fake.count("prompt") == 0

    def test_jobs_that_were_queued_before_wait_with_one_sentence(self, app, port):
        with comfyui_at(port) as fake:
            app.controller.check_backend()
            app.until(BackendChecked, 2)
            app.controller.run(request(3))
            assert "checkpoint: choose one" in app.until(OrderFailed).message
            assert (app.controller.paused, len(app.controller.queue), fake.count("prompt")) == (True, 3, 0)
            assert len(app.told(OrderFailed)) == 1

    def test_of_jobs_that_waited_for_a_server_one_fails_and_the_others_wait(self, app, port):
        app.controller.run(request(4))
        app.until(NodeWaiting)
        with comfyui_at(port) as fake:
            assert "checkpoint: choose one" in app.until(OrderFailed).message
            app.wait(lambda: app.records())
            assert [record.status for record in app.records()] == ["failed"]
            assert (app.controller.paused, len(app.controller.queue), fake.count("prompt")) == (True, 3, 0)
            assert app.controller.capabilities.kind == "comfyui"

    def test_the_only_checkpoint_is_used(self, app, port):
        with comfyui_at(port) as fake:
            fake.files["checkpoints"] = ["lonely.safetensors"]
            app.controller.check_backend()
            app.until(BackendChecked, 2)
            begun = app.controller.learning.start(plan(checkpoint=""))
            assert begun.base_config.checkpoint == "lonely"
            assert [cell.state for cell in finished(app, begun.plan_id).cells] == ["made", "made"]
