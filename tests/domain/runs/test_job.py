"""What one click on Run becomes."""

import gc
import itertools

import pytest
from msgspec.structs import replace

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.base.lora_tags import AddedLora
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.global_texts import GlobalTexts, StageText
from stablenew_tk.domain.config.origins import MAX_SEED, SHORT_SEED
from stablenew_tk.domain.config.pipeline_config import STAGES, PipelineConfig
from stablenew_tk.domain.models.preset_scope import PresetUse
from stablenew_tk.domain.prompts.pack import parse_pack
from stablenew_tk.domain.prompts.randomizer import expand
from stablenew_tk.domain.prompts.settings import Axis, LoraAxis, Randomizer
from stablenew_tk.domain.prompts.variant import as_written
from stablenew_tk.domain.prompts.wildcards import Wildcards
from stablenew_tk.domain.runs.job import RandomizerChoice, RunRequest, make_jobs

PROMPTS = as_written(parse_pack("name: one\na\nneg: x\n\nname: two\nb", "p").prompts)
OF_PROFILE = (AddedLora("rain", 0.6, ("rainy-days",)),)

# Plain enlarging reads no prompt, so upscale never has a text of its own here.
ALL = with_values(PipelineConfig(), {f"{stage}.enabled": True for stage in STAGES})


def jobs_of(draw_seed=lambda: 77, **asked):
    ids = (f"id{n}" for n in itertools.count())
    request = RunRequest(pack_id="p", **{"variants": PROMPTS, **asked})
    return make_jobs(request, run_name="r", new_id=lambda: next(ids), draw_seed=draw_seed)


def test_every_prompt_gets_every_seed_and_the_same_ones():
    jobs = jobs_of(seed=10, seeds_per_prompt=3)
    assert [(job.prompt_id, job.seed) for job in jobs] == [(p, s) for p in ("one", "two") for s in (10, 11, 12)]
    assert len({job.job_id for job in jobs}) == 6
    assert len({job.run_id for job in jobs}) == 1


def test_a_random_seed_is_a_number_before_anything_is_sent():
    assert {job.seed for job in jobs_of(seed=-1)} == {77}


def test_seeds_wrap_at_the_end_of_their_range():
    def seeds(first):
        return [job.seed for job in jobs_of(seed=first, seeds_per_prompt=2, variants=PROMPTS[:1])]

    assert seeds(MAX_SEED) == [MAX_SEED, 0]
    assert seeds(2**53) == [2**53, 2**53 + 1]
    assert seeds(SHORT_SEED) == [SHORT_SEED, 0]  # the next one is none for a WebUI


def test_a_limit_cuts_the_list():
    assert len(jobs_of(seed=1, seeds_per_prompt=5, limit=3)) == 3


def test_the_global_texts_reach_every_job():
    jobs = jobs_of(globals=GlobalTexts(positive="ink", negative="text"))
    assert [(job.prompt, job.negative) for job in jobs] == [("ink, a", "x, text"), ("ink, b", "text")]


def test_a_stage_has_a_text_of_its_own_only_where_it_differs():
    job = jobs_of(globals=GlobalTexts(positive="ink", negative="text", positive_stages=("txt2img",)), config=ALL)[0]
    assert (job.prompt, job.negative) == ("ink, a", "x, text")
    assert job.stage_texts == dict.fromkeys(("img2img", "adetailer"), StageText("a", "x, text"))
    assert [job.text(stage).prompt for stage in job.stages[:2]] == ["ink, a", "a"]


def test_without_txt2img_the_job_tells_what_its_first_stage_sends():
    texts = GlobalTexts(negative="text", negative_stages=("txt2img", "adetailer"))
    job = jobs_of(globals=texts, config=with_values(ALL, {"txt2img.enabled": False}), start_image="x.png")[0]
    assert (job.negative, job.stage_texts) == ("x", {"adetailer": StageText("a", "x, text")})


def test_a_weight_that_is_varied_is_not_that_of_the_preset():
    axis = Randomizer(loras=(LoraAxis(("ink",), (0.5, 1.0)),))
    prompts = parse_pack("a <lora:oil:1>", "p").prompts
    variants = expand(prompts, axis, Wildcards()).variants
    jobs = jobs_of(variants=variants, lora_weights={"ink": 0.7, "oil": 0.3})
    assert [job.prompt for job in jobs] == [f"a <lora:oil:0.3> <lora:ink:{weight}>" for weight in ("0.5", "1")]


def test_the_weights_of_a_preset_are_for_added_loras_too():
    texts = GlobalTexts(positive="<lora:ink:1>", positive_stages=("img2img",))
    job = jobs_of(globals=texts, config=ALL, lora_weights={"ink": 0.5})[0]
    assert job.stage_texts == {"img2img": StageText("<lora:ink:0.5> a", "x")}


def test_a_job_names_a_preset_for_what_it_gave_to_just_this_job():
    use = PresetUse(preset_id="p", name="Calm", gave=("txt2img.steps", "lora:oil", "lora:ink"))
    variants = expand(
        parse_pack("a <lora:oil:1>\n\nb", "p").prompts, Randomizer(axes=(Axis("txt2img.steps", (3,)),)), Wildcards()
    ).variants
    jobs = jobs_of(variants=variants, lora_weights={"ink": 0.7, "oil": 0.3}, presets=(use,))
    assert [[one.gave for one in job.presets] for job in jobs] == [[("lora:oil",)], []]


def test_the_texts_of_a_recorded_run_are_sent_again_as_they_were():
    job = jobs_of(stage_texts={"img2img": StageText("other")}, config=ALL)[0]
    assert job.stage_texts == {"img2img": StageText("other")}


def test_a_run_without_records_is_marked_off():
    assert {job.learning.mode for job in jobs_of(record=False)} == {"off"}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"variants": ()}, "at least one prompt"),
        ({"config": with_values(PipelineConfig(), {"txt2img.enabled": False})}, "at least one stage"),
        (
            {"config": with_values(PipelineConfig(), {"txt2img.enabled": False, "upscale.enabled": True})},
            "upscale needs a picture",
        ),
        ({"start_image": "x.png"}, "cannot begin with txt2img"),
        (
            {"config": with_values(PipelineConfig(), {"img2img.enabled": True, "inpaint.enabled": True})},
            "inpaint.mask: name the file",
        ),
        ({"seed": -2}, "seed"),
        ({"seed": MAX_SEED + 1}, "seed"),
        ({"seeds_per_prompt": 0}, "seeds per prompt"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_sentence(asked, says):
    with pytest.raises(InvalidInput, match=says):
        jobs_of(**asked)


def test_more_jobs_than_anybody_wants_are_refused_with_the_numbers():
    with pytest.raises(InvalidInput, match="20,000 jobs are more than one run makes"):
        jobs_of(variants=PROMPTS[:1] * 20, seeds_per_prompt=1000)


def test_jobs_of_one_checkpoint_follow_each_other():
    one, two = PROMPTS[0], PROMPTS[1]
    variants = [replace(one, index=n, overrides={"checkpoint": name}) for n, name in enumerate("abab")]
    jobs = jobs_of(variants=(*variants, replace(two, index=4)))
    assert [job.config.checkpoint for job in jobs] == ["a", "a", "b", "b", ""]
    assert [job.index for job in jobs] == [0, 1, 2, 3, 4]
    assert jobs[0].origins["checkpoint"] == "user"


def test_every_picture_has_a_seed_of_its_own_when_that_is_wanted():
    assert [job.seed for job in jobs_of(seed=5, seeds_per_prompt=2, own_seeds=True)] == [5, 6, 7, 8]


class TestVariationSeeds:
    MIXED = with_values(PipelineConfig(), {"txt2img.subseed_strength": 0.2})

    def test_one_is_drawn_for_each_seed_and_shared_by_the_prompts(self):
        jobs = jobs_of(itertools.count(900).__next__, seed=5, seeds_per_prompt=2, config=self.MIXED)
        found = [(job.seed, job.config.txt2img.subseed) for job in jobs]
        assert found == [(5, 900), (6, 901)] * 2

    def test_one_that_is_named_is_kept_and_without_a_strength_none_is_drawn(self):
        named = with_values(self.MIXED, {"txt2img.subseed": 77})
        assert {job.config.txt2img.subseed for job in jobs_of(config=named)} == {77}
        assert {job.config.txt2img.subseed for job in jobs_of()} == {-1}


def test_the_choices_of_a_variant_are_in_its_jobs():
    variants = (replace(PROMPTS[0], index=6, choices={"light": "dawn"}), PROMPTS[1])
    made = [job.randomizer for job in jobs_of(variants=variants, mode="all", count=12)]
    assert made == [RandomizerChoice("all", 6, 12, {"light": "dawn"}), RandomizerChoice()]


def test_an_axis_that_leaves_no_stage_is_refused():
    with pytest.raises(InvalidInput, match="at least one stage"):
        jobs_of(variants=(replace(PROMPTS[0], overrides={"txt2img.enabled": False}),))


class TestLorasOfTheProfile:
    def test_they_are_added_to_prompts_that_do_not_name_them_and_the_record_says_who_did(self):
        variants = as_written(parse_pack("name: one\na street\n\nname: two\nb <lora:Rain:0.2>", "p").prompts)
        one, two = jobs_of(variants=variants, profile_loras=OF_PROFILE, config=ALL)
        assert (one.prompt, two.prompt) == ("a street <lora:rain:0.6>", "b <lora:Rain:0.2>")
        assert one.text("img2img").prompt == one.prompt
        assert one.origins == {"lora:rain": "profile"}
        assert two.origins == {}

    def test_the_weight_of_a_chosen_preset_goes_before_that_of_the_profile(self):
        (job, _) = jobs_of(profile_loras=OF_PROFILE, lora_weights={"rain": 0.9})
        assert job.prompt == "a <lora:rain:0.9>"
        assert "lora:rain" not in job.origins

    def test_a_run_made_again_is_sent_its_texts_as_they_were(self):
        (job, _) = jobs_of(profile_loras=OF_PROFILE, stage_texts={"txt2img": StageText("as it was", "")})
        assert (job.prompt, job.origins) == ("as it was", {})

    def test_a_lora_that_stands_in_the_global_text_is_not_added_again(self):
        (job, _) = jobs_of(profile_loras=OF_PROFILE, globals=GlobalTexts(positive="<lora:rain:1>"))
        assert (job.prompt, job.origins) == ("<lora:rain:1> a", {})

    def test_a_prompt_that_calls_it_by_another_name_does_not_get_it_twice(self):
        variants = as_written(parse_pack("a <lora:Rainy-Days:0.2>", "p").prompts)
        assert jobs_of(variants=variants, profile_loras=OF_PROFILE)[0].prompt == "a <lora:Rainy-Days:0.2>"

    def test_another_checkpoint_of_the_pack_gets_none_of_them(self):
        variants = tuple(replace(PROMPTS[0], index=n, overrides={"checkpoint": name}) for n, name in enumerate("ab"))
        jobs = jobs_of(variants=variants, profile_loras=OF_PROFILE, config=PipelineConfig(checkpoint="a"))
        assert [job.prompt for job in jobs] == ["a <lora:rain:0.6>", "a"]


def test_a_long_queue_is_no_work_for_the_garbage_collector():
    def tracked():
        gc.collect()
        return len(gc.get_objects())

    before = tracked()
    jobs = jobs_of(seed=-1, seeds_per_prompt=1000)
    assert tracked() - before < len(jobs) / 10
