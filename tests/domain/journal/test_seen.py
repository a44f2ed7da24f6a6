"""What the journal saw of a checkpoint or LoRA, counted from real lines."""

from __future__ import annotations

import pytest
from journal_lines import output, rate, record, reopened, undo
from learning_lab import Lab

from stablenew_tk.domain.base.lora_tags import lora_key, loras_in
from stablenew_tk.domain.journal.seen import Seen, SeenModel, seen_of_all


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def counted(lab, *names, kind="checkpoint", history=None):
    columns = (history or lab.history()).visible().columns()
    return SeenModel(columns=columns, kind=kind, is_it=names.__contains__).count()


def best_of(lab, seen):
    history = lab.history()
    return [history.image_id(row) for row in seen.best]


def test_the_four_best_are_the_newest_of_the_most_stars_and_never_rejected_ones(lab):
    pictures = [output() for _ in range(7)]
    lab.append(record(outputs=tuple(pictures)))
    lab.append(*(rate(one, stars) for one, stars in zip(pictures, (5, 3, 4, 5, 4, 4, 5), strict=True)))
    lab.append(rate(pictures[6], None, rejected=True))
    seen = counted(lab, "dream.safetensors")
    assert best_of(lab, seen) == [pictures[place].image_id for place in (3, 0, 5, 4)]


def test_all_models_are_counted_in_one_pass_as_each_alone(lab):
    wet, dry = output(), output()
    lab.append(record(run_id="A", prompt="a street <lora:rain:0.8> <lora:snow:1>", outputs=(wet,)))
    lab.append(record(run_id="B", checkpoint="ink", prompt="<lora:rain:1>", outputs=(dry,)), rate(wet, 5), rate(dry, 2))
    columns = lab.history().visible().columns()
    found = seen_of_all(columns, lambda name, kind: f"{kind} {name}" if name != "snow" else "")
    assert set(found) == {"checkpoint dream.safetensors", "checkpoint ink", "lora rain"}
    for key, seen in found.items():
        kind, _, name = key.partition(" ")
        assert seen == counted(lab, name, kind=kind)
    assert found["lora rain"].mean == 3.5


def test_runs_pictures_and_stars_of_a_checkpoint_are_counted(lab):
    first, second, other = (output() for _ in range(3))
    lab.append(record(run_id="A", outputs=(first, second)), record(run_id="B", outputs=(output(),)))
    lab.append(record(run_id="C", checkpoint="ink", outputs=(other,)))
    lab.append(rate(first, 5), rate(second, 2), rate(other, 1))
    seen = counted(lab, "dream.safetensors")
    assert (seen.runs, seen.pictures, seen.rated, seen.mean, seen.newest_run) == (2, 3, 2, 3.5, "A")
    assert best_of(lab, seen) == [first.image_id, second.image_id]
    assert counted(lab, "ink").mean == 1
    assert counted(lab, "nobody") == Seen()


def test_what_is_no_evidence_is_not_counted(lab):
    good, black, drawn, undone = (output(), output(suspect=("black",)), output(), output())
    gone = record(run_id="D", outputs=(undone,))
    early, late = output("txt2img"), output("upscale")
    lab.append(record(outputs=(good, black)), record(kind="sketch", run_id="S", outputs=(drawn,)), gone)
    lab.append(record(run_id="T", outputs=(early, late)))
    lab.append(*(rate(one, 4) for one in (good, black, drawn, undone, early, late)), undo(gone))
    seen = counted(lab, "dream.safetensors")
    assert (seen.runs, seen.pictures, seen.rated, seen.mean, seen.newest_run) == (2, 2, 2, 4, "RUN")
    assert set(best_of(lab, seen)) == {good.image_id, late.image_id}


def test_pictures_of_a_blind_plan_count_only_once_its_values_are_revealed(lab):
    plan = lab.plan(blind=True)
    lab.make(plan)
    lab.rate({12: (1, 1, 1)})
    assert counted(lab, "dream.safetensors") == Seen()


def test_a_lora_is_seen_where_a_prompt_names_it_also_after_a_restart(lab):
    wet, dry = output(), output()
    lab.append(record(run_id="A", prompt="a street <lora:rain:0.8>", outputs=(wet,)))
    lab.append(record(run_id="A", prompt="a street", outputs=(dry,)), rate(wet, 5), rate(dry, 1))
    history = lab.history()
    for one in (history, reopened(history)):
        seen = counted(lab, "rain", kind="lora", history=one)
        assert (seen.runs, seen.pictures, seen.mean) == (1, 1, 5)
        assert one.knows_run("A")
        assert not one.knows_run("B")
    assert counted(lab, "dream.safetensors").mean == 3


def test_loras_are_read_from_their_tags():
    assert loras_in("a <lora:rain:0.8>, <LORA:snow:1:0.5> <lora:rain:1> <hypernet:x:1>") == ("rain", "snow")
    assert loras_in("no tag < here") == ()
    assert lora_key("Styles\\Rain.safetensors") == lora_key("rain") == "rain"
