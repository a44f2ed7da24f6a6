"""The fake ComfyUI answers as real servers 0.33.0 and 0.3.64 were seen to answer.

tests/fixtures/comfyui/server.json has, for one graph: what changes to it were answered with (status, kinds of errors,
nodes they are told for), the messages of a socket in their order, records of the history, and answers of other routes.
"""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import pytest
import requests
from conftest import wait_until
from fake_comfyui import FAULTS, RUN_FAULTS, FakeComfyUI
from PIL import Image

from stablenew_tk.backends.comfyui.listener import Listener, SocketLost, read_preview
from stablenew_tk.backends.transport import parse_address

FIXTURES = Path(__file__).parent.parent / "fixtures" / "comfyui"
FACTS = json.loads((FIXTURES / "server.json").read_text(encoding="utf-8"))
# What a real server 0.3.64 told about model files, and how it took the order to free its memory.
MODEL_ROUTES = json.loads((FIXTURES / "model_routes.json").read_text(encoding="utf-8"))
ID = "1166a9a6-dc35-41c7-91b2-8feb10132023"


def shape(value):
    """Types instead of values; of a list the first element."""
    names = {type(None): "null", bool: "bool", int: "number", float: "number", str: "text"}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return names[type(value)]


def is_part(seen, real):
    """Whether all that is seen is in the real shape, with the same types."""
    if isinstance(seen, dict) and isinstance(real, dict):
        return all(key in real and is_part(inner, real[key]) for key, inner in seen.items())
    if isinstance(seen, list) and isinstance(real, list):
        return not seen or not real or is_part(seen[0], real[0])
    return seen == real


def changed(changes):
    graph = json.loads(json.dumps(FACTS["graph"]))
    for name, change in changes.items():
        if change is None:
            del graph[name]
        elif "class_type" in change:
            graph[name] = change
        else:
            graph[name]["inputs"].update(change["inputs"])
            graph[name]["inputs"] = {key: value for key, value in graph[name]["inputs"].items() if value != "@gone"}
    return graph


def post(fake, path, body):
    return requests.post(fake.url + path, json=body, timeout=60)


def ended(fake, prompt_id):
    # A job is in the history before the sockets are told: what is told late would stand among the words of the next.
    wait_until(lambda: prompt_id in fake.ended)
    return fake.history[prompt_id]


def run(fake, graph, **more):
    return ended(fake, post(fake, "/prompt", {"prompt": graph, **more}).json()["prompt_id"])


def with_inputs(name, **inputs):
    return changed({name: {"inputs": inputs}})


class TestAnswers:
    @pytest.mark.parametrize("name", list(FACTS["refusals"]))
    def test_a_graph_is_taken_or_refused_as_by_a_real_server(self, name):
        case = FACTS["refusals"][name]
        with FakeComfyUI(case.get("version", "0.33.0"), impact=False) as fake:
            body = dict(case.get("more", {})) | ({"prompt": changed(case["changes"])} if "changes" in case else {})
            answer = post(fake, case["path"], body)
            said = answer.json()
            assert answer.status_code == case["status"]
            error = said.get("error")
            assert (error["type"] if error else None) == case.get("error")
            nodes = {
                node: [
                    found["class_type"],
                    [one["type"] for one in found["errors"]],
                    sorted(found["dependent_outputs"]),
                ]
                for node, found in said["node_errors"].items()
            }
            assert nodes == case["nodes"]
            details = {
                node: one["errors"][0]["details"].split(" not in ")[0] for node, one in said["node_errors"].items()
            }
            assert details == case["details"]

    @pytest.mark.parametrize("name", list(FACTS["answers"]))
    def test_other_routes_answer_alike_with_and_without_api_before_them(self, name):
        case = FACTS["answers"][name]
        with FakeComfyUI(case.get("version", "0.33.0")) as fake:
            for before in ("", "/api") if not case["path"].startswith("/api") else ("",):
                address = fake.url + before + case["path"]
                answer = requests.request(case.get("method", "GET"), address, json=case.get("send"), timeout=60)
                assert answer.status_code == case["status"]
                if "json" in case:
                    assert is_part(shape(answer.json()), case["json"])
                elif "text" in case:
                    assert answer.text == case["text"]

    @pytest.mark.parametrize("case", MODEL_ROUTES, ids=lambda case: case["what"])
    def test_model_files_are_told_about_and_memory_is_freed_as_by_a_real_server(self, case):
        folder, _, query = case["path"].removeprefix("/view_metadata/").partition("?")
        name = query.removeprefix("filename=")
        with FakeComfyUI("0.3.64") as fake:
            if case["status"] == 200 and case["json"] is not None:
                fake.metadata[folder, name] = case["json"]
            if "not there" not in case["what"] and folder in fake.files:
                fake.files[folder].append(name)
            fake.damaged = {name} if case["what"] == "a damaged file" else set()
            answer = requests.request(case["method"], fake.url + case["path"], data=case["sent"], timeout=60)
            assert fake.freed == (case["what"] == "free memory")
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        assert (answer.status_code, kind) == (case["status"], case["type"])
        assert (answer.json() if case["json"] is not None else answer.text) == (case["json"] or case["text"])

    @pytest.mark.parametrize(
        ("name", "fault", "version"),
        [
            ("success", "", "0.33.0"),
            ("success (2025)", "", "0.3.64"),
            ("interrupted", "interrupted", "0.33.0"),
            ("a damaged checkpoint", "broken-checkpoint", "0.33.0"),
        ],
    )
    def test_the_record_of_a_run_has_the_same_parts(self, name, fault, version):
        real = FACTS["history"][name]
        with FakeComfyUI(version) as fake:
            if fault:
                fake.run_fault(fault)
            client = {"client_id": "me"} if "client_id" in real["prompt"][2] else {}
            seen = run(fake, FACTS["graph"], **client)
        number, prompt_id, _, extra, outputs = seen["prompt"]
        assert [shape(part) for part in (number, prompt_id, extra, outputs)] == real["prompt"]
        assert {key: shape(value) for key, value in seen["outputs"].items()} == real["outputs"]
        status = seen["status"]
        assert (status["status_str"], status["completed"]) == (real["status_str"], real["completed"])
        assert [[kind, sorted(data)] for kind, data in status["messages"]] == real["messages"]

    def test_a_strange_body_is_500_in_plain_text(self):
        with FakeComfyUI() as fake:
            answers = [
                requests.post(f"{fake.url}/prompt", data=b"{", timeout=60),
                post(fake, "/prompt", {"prompt": [1]}),
            ]
        assert [(one.status_code, one.headers["Content-Type"]) for one in answers] == [(500, "text/plain")] * 2

    @pytest.mark.parametrize(("host", "status"), [("127.0.0.1:{}", 200), ("localhost:{}", 403), ("evil.example", 403)])
    def test_an_origin_must_be_spelled_like_the_host(self, host, status):
        with FakeComfyUI() as fake:
            origin = "http://" + host.format(fake.port)
            assert requests.get(f"{fake.url}/queue", headers={"Origin": origin}, timeout=60).status_code == status


class TestRuns:
    @pytest.mark.parametrize("name", list(FACTS["frames"]))
    def test_a_socket_tells_the_same_messages_in_the_same_order(self, name):
        with FakeComfyUI() as fake:
            if name != "a new graph":
                run(
                    fake, with_inputs("1", ckpt_name="photo_model.safetensors") if "damaged" in name else FACTS["graph"]
                )
            if "damaged" in name:
                fake.run_fault("broken-checkpoint")
            graph = with_inputs("5", seed=99) if name == "another seed" else FACTS["graph"]
            socket = Listener(parse_address(fake.url), "me", connect_s=60)
            wait_until(lambda: "me" in fake.clients)
            post(fake, "/prompt", {"prompt": graph, "client_id": "me"})
            told = []
            while not told or told[-1] != {"type": "executing", "data": {"node": None}}:
                frame = socket.receive(60)
                if frame is None:
                    break
                message = json.loads(frame.data)
                message["data"].pop("prompt_id", None)
                told.append(message)
            socket.close()
        kinds = [message["type"] for message in told]
        assert kinds[kinds.index("execution_start") :] == FACTS["frames"][name]

    def test_an_equal_graph_names_the_old_file_and_makes_none(self):
        with FakeComfyUI() as fake:
            first, second = run(fake, FACTS["graph"]), run(fake, FACTS["graph"])
            assert first["outputs"] == second["outputs"]
            assert sum(key[0] == "output" for key in fake.disk) == 1
            other = run(fake, with_inputs("7", filename_prefix="other"))
            assert other["outputs"] != first["outputs"]
            assert sorted(other["status"]["messages"][1][1]["nodes"]) == ["1", "2", "3", "4", "5", "6"]

    def test_pictures_depend_on_the_seed_and_carry_the_graph_as_it_ran(self):
        with FakeComfyUI() as fake:
            pictures = []
            for graph in (
                with_inputs("5", steps="3"),
                with_inputs("5", seed=2),
                with_inputs("4", width=100, height=70),
            ):
                file = run(fake, graph)["outputs"]["7"]["images"][0]
                data = requests.get(f"{fake.url}/view", params=file, timeout=60).content
                with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
                    pictures.append((image.tobytes(), image.size, json.loads(image.info["prompt"])))
        assert pictures[0][0] != pictures[1][0]
        assert pictures[0][2]["5"]["inputs"]["steps"] == 3
        assert pictures[2][1] == (96, 64)

    def test_a_lora_of_another_architecture_changes_nothing(self):
        def picture(lora):
            graph = changed({"5": {"inputs": {"model": ["9", 0]}}})
            inputs = {"model": ["1", 0], "clip": ["1", 1], "lora_name": lora, "strength_model": 1, "strength_clip": 1}
            graph["9"] = {"class_type": "LoraLoader", "inputs": inputs}
            file = run(fake, graph if lora else FACTS["graph"])["outputs"]["7"]["images"][0]
            data = requests.get(f"{fake.url}/view", params=file, timeout=60).content
            with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
                return image.tobytes()

        with FakeComfyUI() as fake:
            assert picture("foreign.safetensors") == picture("") != picture("inkwash.safetensors")

    def test_a_second_socket_of_the_same_client_goes_deaf_when_the_first_one_ends(self):
        with FakeComfyUI() as fake:
            address = parse_address(fake.url)
            first, second = (Listener(address, "me", connect_s=60) for _ in range(2))
            wait_until(lambda: fake.socket_count == 2)
            first.close()
            wait_until(lambda: not fake.clients)
            run(fake, FACTS["graph"], client_id="me")
            told = []
            while (frame := second.receive(0.1)) is not None:
                told.append(json.loads(frame.data)["type"])
            second.close()
        assert "executing" not in told

    def test_the_progress_of_a_job_without_a_client_is_shown_to_everybody_and_nothing_else_of_it(self):
        with FakeComfyUI() as fake:
            socket = Listener(parse_address(fake.url), "bystander", connect_s=60)
            run(fake, FACTS["graph"])
            told = [json.loads(frame.data)["type"] for frame in iter(lambda: socket.receive(0.2), None)]
            run(fake, with_inputs("5", seed=3), client_id="me")
            later = [json.loads(frame.data)["type"] for frame in iter(lambda: socket.receive(0.2), None)]
            socket.close()
        assert set(told) == {"status", "progress_state", "progress"}
        assert set(later) == {"status"}

    @pytest.mark.parametrize(("flags", "event"), [("", 1), ('{"data": {"supports_preview_metadata": true}}', 4)])
    def test_previews_come_only_when_the_job_asks_for_them(self, flags, event):
        with FakeComfyUI() as fake:
            socket = Listener(parse_address(fake.url), "me", connect_s=60, first=flags)
            if flags:
                wait_until(lambda: "me" in fake.clients and fake.clients["me"].previews)
            run(fake, FACTS["graph"], client_id="me")
            wanted = {"extra_data": {"preview_method": "auto"}}
            quiet = [frame for frame in iter(lambda: socket.receive(0.2), None) if not frame.is_text]
            run(fake, with_inputs("5", seed=4), client_id="me", prompt_id=ID, **wanted)
            frames = [frame for frame in iter(lambda: socket.receive(0.2), None) if not frame.is_text]
            socket.close()
        assert quiet == []
        assert {frame.data[3] for frame in frames} == {event}
        assert read_preview(frames[0].data).prompt_id == (ID if event == 4 else "")

    def test_a_job_in_the_queue_can_be_taken_out_and_leaves_no_trace(self):
        with FakeComfyUI() as fake:
            fake.hold(step=2)
            fake.queue_foreign()
            assert fake.held.wait(60)
            mine = post(fake, "/prompt", {"prompt": FACTS["graph"]}).json()["prompt_id"]
            assert post(fake, f"/api/jobs/{mine}/cancel", None).json() == {"cancelled": True}
            fake.release()
            wait_until(lambda: not fake.running)
            assert requests.get(f"{fake.url}/history/{mine}", timeout=60).json() == {}

    def test_an_interrupt_names_a_job_or_stops_whoever_runs(self):
        with FakeComfyUI() as fake:
            fake.hold(step=2)
            theirs = fake.queue_foreign()
            assert fake.held.wait(60)
            post(fake, "/interrupt", {"prompt_id": ID})
            assert fake.running == theirs
            post(fake, "/interrupt", {})
            assert ended(fake, theirs)["status"]["messages"][-1][0] == "execution_interrupted"

    def test_a_restart_forgets_queue_and_history_but_no_file(self):
        with FakeComfyUI() as fake:
            run(fake, FACTS["graph"])
            fake.restart()
            assert fake.history == {}
            assert len(fake.disk) == 1

    def test_it_leaves_no_thread_even_while_jobs_and_sockets_wait(self):
        with FakeComfyUI() as fake:
            fake.hold(step=1)
            fake.queue_foreign()
            fake.queue_foreign()
            assert fake.held.wait(60)
            socket = Listener(parse_address(fake.url), "me", connect_s=60)
            assert threading.active_count() > 2
        with pytest.raises(SocketLost):
            list(iter(lambda: socket.receive(60), None))
        socket.close()

    def test_it_knows_no_fault_by_another_name(self):
        with pytest.raises(ValueError, match="reset"):
            FakeComfyUI().fault("no such fault")
        with pytest.raises(ValueError, match="oom"):
            FakeComfyUI().run_fault("no such fault")
        assert len(FAULTS | RUN_FAULTS) > 25
