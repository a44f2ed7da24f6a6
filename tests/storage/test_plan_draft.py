"""What stands in the wizard survives the end of the program; a file that cannot be used is kept and told."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.experiments.plan_draft import PlanDraft
from stablenew_tk.domain.runs.plan import PlanPrompt
from stablenew_tk.storage.plan_draft import DraftRead, load_plan_draft, save_plan_draft

DRAFT = PlanDraft(
    pack_id="boats",
    prompts=(PlanPrompt("Boat", "a boat", "fog"),),
    base=with_values(PipelineConfig(), {"txt2img.steps": 31, "hires.enabled": True}),
    origins={"txt2img.steps": "user"},
    focus="txt2img.cfg_scale",
    text="5, 7, x",
    seeds=(3,),
    name="Which CFG",
)


def test_a_draft_is_read_as_it_was_written_and_goes_when_there_is_none(tmp_path):
    path = tmp_path / "data" / "draft.json"
    assert load_plan_draft(path) == DraftRead()
    save_plan_draft(path, DRAFT)
    assert load_plan_draft(path) == DraftRead(DRAFT)
    save_plan_draft(path, None)
    assert not path.exists()
    save_plan_draft(path, None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[",
        b"[]",
        b"{}",
        b'{"focus": "txt2img.nonsense"}',
        b'{"focus": "txt2img.steps", "base": {"txt2img": {"steps": 99999}}}',
        b"\xff" * 100,
        b"[" * 200_000,
    ],
)
def test_a_file_that_cannot_be_used_is_kept_beside_and_told(tmp_path, content):
    path = tmp_path / "draft.json"
    path.write_bytes(content)
    found = load_plan_draft(path)
    (kept,) = tmp_path.iterdir()
    assert (found.draft, kept.name in found.problem, kept.read_bytes()) == (None, True, content)
    assert load_plan_draft(path) == DraftRead()
