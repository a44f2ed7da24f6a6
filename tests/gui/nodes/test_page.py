"""The page Nodes, in a real window: machines are added, paused, drained, removed by their buttons and keys."""

from __future__ import annotations

import pytest
from kept_port import KeptPort
from open_window import open_house
from slow_sketch import slow_sketch
from whole_app import SLOW, request

from stablenew_tk.domain.config.user_settings import Machine
from stablenew_tk.gui.nodes.list import COMPACT_FROM
from stablenew_tk.pipeline.messages.files import ClusterChanged


@pytest.fixture
def house(tmp_path, monkeypatch):
    slow_sketch(monkeypatch)
    with open_house(tmp_path) as house:
        yield house


def words(page):
    return {line.name: line.word for line in page.list.lines}


def test_machines_are_added_used_paused_and_removed(house):
    page = house.page("nodes")
    assert page.title == ("Nodes", "only this machine")
    assert not page.pause.enabled
    page.address.field.focus_force()
    page.address.field.insert(0, "my tower")
    house.key("<Return>")
    assert house.says("is not an address")
    page.address.set("sketch")
    page.add_button.invoke()
    house.until(lambda: words(page) == {"sketch": "ready", "sketch-2": "ready"})
    assert house.window.top.backend.text.startswith("2 machines · ready")
    house.window.show("create")
    house.until(lambda: "2 machines" in house.button("Run").note)
    house.page("nodes")
    house.controller.run(request(9, **SLOW))
    house.until(lambda: words(page) == {"sketch": "busy", "sketch-2": "busy"})
    house.until(lambda: all(line.done for line in page.list.lines))
    assert page.chosen == "sketch-2"
    page.drain.invoke()
    house.until(lambda: words(page)["sketch-2"] in ("draining", "paused"))
    page.pause.invoke()
    house.until(lambda: words(page)["sketch-2"] == "busy")
    page.remove.invoke()
    assert "goes back to the queue" in house.answer("Remove sketch-2")
    house.until(lambda: words(page) == {"sketch": "busy"})
    house.controller.cancel()
    house.until(house.idle)
    assert all(record.made == 0 or name for name, lane in page.hour.lanes for record in lane)


def test_many_machines_are_compact_and_can_be_filtered(house):
    house.change(machines=tuple(Machine("sketch") for _ in range(COMPACT_FROM)))
    page = house.page("nodes")
    house.until(lambda: len(page.list.lines) == COMPACT_FROM + 1 and set(words(page).values()) == {"ready"})
    assert page.list.is_compact
    page.list.focus_set()
    house.key("<Down>", "<Down>")
    assert page.chosen == "sketch-3"
    page.filter.set("trouble")
    page.refresh()
    assert page.list.lines == ()


@pytest.fixture
def port():
    with KeptPort() as kept:
        yield kept.number


def test_a_machine_is_invited_in_three_steps(house, tmp_path, port):
    pytest.importorskip("cryptography", reason="the extra `cluster` is not installed")
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    from stablenew_tk.storage.cluster.folder import ClusterFolder
    from stablenew_tk.storage.cluster.invitations import init_cluster

    init_cluster(ClusterFolder(tmp_path / "cluster"), name="desk", host="127.0.0.1", port=port, again=False)
    page = house.page("nodes")
    page.invite_button.invoke()
    house.until(lambda: house.says("Type what the machine"))
    page.address.set("tower")
    page.invite_button.invoke()
    steps = house.answer("Done")
    assert "stablenew cluster join tower.pair" in steps
    assert (tmp_path / "tower.pair").read_bytes().startswith(b"stablenew-pairing")
    assert house.controller.settings.machines[-1].address == "cluster:tower"
    # Out again: said before, done with new keys, and the others are named.
    before = ClusterFolder(tmp_path / "cluster").authority.read_bytes()
    page.chosen = "tower"
    page.refresh()
    page.remove.invoke()
    said = house.answer("Remove tower, new keys for all")
    assert "the whole cluster gets new keys" in said
    assert "No other machine was in it." in house.answer("Done")
    assert [machine.address for machine in house.controller.settings.machines] == []
    assert ClusterFolder(tmp_path / "cluster").authority.read_bytes() != before
    assert ClusterFolder(tmp_path / "cluster").membership().machines == ()


def test_a_machine_that_a_terminal_takes_out_of_the_cluster_leaves_the_list(house):
    house.change(machines=(Machine("sketch"), Machine("cluster:tower"), Machine("cluster:studio")))
    page = house.page("nodes")
    house.controller.inbox.put(ClusterChanged(is_own=True, machines=(), to_invite=("studio",)))
    house.until(lambda: set(words(page)) == {"sketch", "sketch-2", "studio"})
    assert house.says("with its new keys. Invite again: studio.")
