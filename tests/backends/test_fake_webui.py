"""The fake WebUI answers with the keys, types and statuses that a real Forge was seen to answer with.

tests/fixtures/webui/shapes.json holds one case per line of behaviour: the request and the shape of the answer, written
down from a Forge f2.0.1; fields.json the request fields its schema lists.
"""

from __future__ import annotations

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from fake_webui import FAULTS, MODES, FakeWebUI, fields
from PIL import Image

FIXTURES = Path(__file__).parent.parent / "fixtures" / "webui"
CASES = json.loads((FIXTURES / "shapes.json").read_text(encoding="utf-8"))
FIELDS = json.loads((FIXTURES / "fields.json").read_text(encoding="utf-8"))
API = "/sdapi/v1"
SMALL = {"prompt": "x", "steps": 2, "width": 64, "height": 64, "sampler_name": "Euler", "seed": 1}


def shape(value):
    """Types instead of values; of a list the first element."""
    names = {type(None): "null", bool: "bool", int: "number", float: "number", str: "text"}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return names[type(value)]


def unlike(seen, wanted, path=""):
    """Paths at which a shape is not the wanted one; "any" and an empty list match everything of their kind."""
    if wanted == "any" or seen == wanted or (isinstance(seen, list) and [] in (seen, wanted)):
        return []
    if isinstance(seen, dict) and isinstance(wanted, dict):
        found = [f"{path}.{key} only on one side" for key in seen.keys() ^ wanted.keys()]
        return found + [
            row for key in seen.keys() & wanted.keys() for row in unlike(seen[key], wanted[key], f"{path}.{key}")
        ]
    if isinstance(seen, list) and isinstance(wanted, list):
        return unlike(seen[0], wanted[0], f"{path}[0]")
    return [f"{path} is {seen}, not {wanted}"]


def picture():
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def with_picture(sent):
    text = json.dumps(sent).replace("@picture", picture())
    return json.loads(text)


@pytest.mark.parametrize("name", list(CASES))
def test_it_answers_as_a_real_forge_does(name):
    case = CASES[name]
    with FakeWebUI(case.get("mode", "forge"), auth="me:secret" if case.get("auth") else "") as fake:
        if name.endswith("after use"):
            requests.post(f"{fake.url}{API}/txt2img", json={"prompt": "x", "steps": 1, "width": 64, "height": 64})
        login = tuple(case["login"].split(":")) if case.get("login") else None
        sent = with_picture(case["send"]) if "send" in case else None
        answer = requests.request(case["method"], fake.url + case["path"], json=sent, auth=login, timeout=60)
        assert answer.status_code == case["status"]
        assert unlike(shape(answer.json()), case["json"]) == []
        if "info" in case:
            assert unlike(shape(json.loads(answer.json()["info"])), case["info"]) == []


def test_its_schema_lists_the_fields_of_a_real_forge():
    with FakeWebUI() as fake:
        schemas = requests.get(f"{fake.url}/openapi.json", timeout=60).json()["components"]["schemas"]
    assert sorted(fields("txt2img", MODES["forge"])) == FIELDS["txt2img"]
    assert sorted(schemas["StableDiffusionProcessingTxt2Img"]["properties"]) == FIELDS["txt2img"]
    assert sorted(schemas["StableDiffusionProcessingImg2Img"]["properties"]) == FIELDS["img2img"]
    assert sorted(schemas["ExtrasSingleImageRequest"]["properties"]) == FIELDS["extra"]


@pytest.mark.parametrize("mode", list(MODES))
def test_every_mode_makes_real_pictures_that_depend_on_the_seed(mode):
    body = {"prompt": "x", "steps": 2, "width": 64, "height": 64, "sampler_name": "Euler"}
    with FakeWebUI(mode) as fake:
        made = [
            requests.post(f"{fake.url}{API}/txt2img", json={**body, "seed": s}, timeout=60).json() for s in (1, 1, 2)
        ]
    first, same, other = (answer["images"][0] for answer in made)
    assert first == same != other
    with Image.open(io.BytesIO(base64.b64decode(first)), formats=("PNG", "JPEG")) as image:
        assert image.size == (64, 64)
        noted = image.getexif().get_ifd(0x8769).get(0x9286, b"").decode("utf-16-be", "replace")
        assert "Seed: 1" in image.info.get("parameters", noted)


def test_it_leaves_no_thread_even_while_jobs_wait():
    with FakeWebUI() as fake:
        fake.hold(step=1)
        with fake.busy_with_another():
            assert fake.busy


def test_a_fault_strikes_the_nth_request_only():
    with FakeWebUI() as fake:
        fake.fault("500", nth=2)
        body = {"prompt": "x", "steps": 1, "width": 64, "height": 64}
        seen = [requests.post(f"{fake.url}{API}/txt2img", json=body, timeout=60).status_code for _ in range(3)]
    assert seen == [200, 500, 200]


def test_it_knows_no_fault_by_another_name():
    with pytest.raises(ValueError, match="reset"):
        FakeWebUI().fault("no such fault")
    assert len(FAULTS) > 40


class TestMannersOfARealForge:
    """What no single answer shows: how one request changes the answers to others."""

    def test_a_schema_asked_for_during_start_up_stays_without_the_api(self):
        with FakeWebUI("forge-ui") as fake:
            fake.ready = False
            early = requests.get(f"{fake.url}/openapi.json", timeout=60).json()
            fake.ready = True
            assert requests.get(f"{fake.url}/openapi.json", timeout=60).json() == early
            assert not [path for path in early["paths"] if path.startswith(API)]
            fake.go_down()
            fake.come_back()
            assert f"{API}/txt2img" in requests.get(f"{fake.url}/openapi.json", timeout=60).json()["paths"]

    def test_modules_that_seem_unchanged_are_not_noted_so_that_a_lent_vae_stays(self):
        lent = {"override_settings": {"forge_additional_modules": ["ae.safetensors"]}}
        for change, kept in ([[]], ["/models/VAE/ae.safetensors"]), ([["ae.safetensors"], []], []):
            with FakeWebUI() as fake:
                for modules in change:
                    body = {"forge_additional_modules": modules}
                    requests.post(f"{fake.url}{API}/options", json=body, timeout=60)
                requests.post(f"{fake.url}{API}/txt2img", json=SMALL | lent, timeout=60)
                options = requests.get(f"{fake.url}{API}/options", timeout=60).json()
                assert options["forge_additional_modules"] == kept

    @pytest.mark.parametrize("how", ["interrupt", "skip"])
    def test_a_stopped_job_answers_as_if_nothing_had_been_and_is_told_until_the_next_begins(self, how):
        with FakeWebUI() as fake, ThreadPoolExecutor(1) as client:
            fake.hold(step=2)
            waiting = client.submit(requests.post, f"{fake.url}{API}/txt2img", json=SMALL, timeout=60)
            fake.held.wait(60)
            requests.post(f"{fake.url}{API}/{how}", json={}, timeout=60)
            answer = waiting.result(60)
            assert (answer.status_code, len(answer.json()["images"])) == (200, 1)
            assert "Steps: 2" in json.loads(answer.json()["info"])["infotexts"][0]
            word = {"interrupt": "interrupted", "skip": "skipped"}[how]
            state = requests.get(f"{fake.url}{API}/progress", timeout=60).json()["state"]
            assert (state[word], state["job"]) == (True, "")
            requests.post(f"{fake.url}{API}/txt2img", json=SMALL, timeout=60)
            assert not requests.get(f"{fake.url}{API}/progress", timeout=60).json()["state"][word]

    def test_numbers_of_the_settings_are_listed_as_floats_and_kept_as_they_were_set(self):
        with FakeWebUI() as fake:
            clip_skip = requests.get(f"{fake.url}{API}/options", timeout=60).json()["CLIP_stop_at_last_layers"]
            assert repr(clip_skip) == "1.0"
            requests.post(f"{fake.url}{API}/options", json={"CLIP_stop_at_last_layers": clip_skip}, timeout=60)
            assert repr(fake.file["CLIP_stop_at_last_layers"]) == "1.0"
