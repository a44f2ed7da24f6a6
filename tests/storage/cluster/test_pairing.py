"""Keys and pairing files of a cluster: for their owner only, and never half open."""

from __future__ import annotations

import os
import socket
import stat
import sys
import warnings
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("cryptography", reason="the extra `cluster` is not installed")

import psutil
from msgspec.structs import replace

from stablenew_tk.domain.base.errors import InvalidInput, NotSaved
from stablenew_tk.storage.cluster.folder import ClusterFolder, usable_host, usable_ports
from stablenew_tk.storage.cluster.invitations import init_cluster, invite_machine, move_cluster
from stablenew_tk.storage.cluster.pairing import invite, join, make_cluster, remove_machine, save_pairing
from stablenew_tk.storage.cluster.scheduler_note import (
    background_scheduler,
    end_background_and_wait,
    start_in_background,
)

NOW = datetime(2026, 11, 29, tzinfo=UTC)
WORDS = "correct-horse-battery"


@pytest.fixture
def operator(tmp_path):
    folder = ClusterFolder(tmp_path / "operator")
    make_cluster(folder, "desk", "127.0.0.1", NOW)
    return folder


def pairing_file(operator, path, name="tower"):
    save_pairing(path, invite(operator, name, WORDS, NOW))
    return path


def test_who_invites_the_first_machine_has_a_cluster_at_an_address_others_can_reach(tmp_path):
    operator, there = ClusterFolder(tmp_path / "operator"), ClusterFolder(tmp_path / "there")
    invitation = invite_machine(operator, "tower", tmp_path / "tower.pair")
    assert operator.membership().is_operator
    joined = join(there, tmp_path / "tower.pair", invitation.passphrase, datetime.now(UTC))
    assert joined.address == operator.membership().address
    assert invitation.passphrase not in repr(invitation)


def test_a_machine_joins_with_the_file_and_the_passphrase(operator, tmp_path):
    file = pairing_file(operator, tmp_path / "tower.pair")
    there = ClusterFolder(tmp_path / "there")
    joined = join(there, file, WORDS, NOW)
    assert (joined.name, joined.address, joined.is_operator) == ("tower", "tls://127.0.0.1:8786", False)
    assert operator.membership().machines == ("tower",)
    assert not there.authority_key.exists()


def test_keys_and_pairing_files_are_for_their_owner_only(operator, tmp_path):
    pairing_file(operator, tmp_path / "tower.pair")
    files = [*operator.folder.iterdir(), tmp_path / "tower.pair"]
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}
    assert stat.S_IMODE(operator.folder.stat().st_mode) == 0o700
    assert b"PRIVATE" not in (tmp_path / "tower.pair").read_bytes()


@pytest.mark.parametrize("spoil", ["passphrase", "changed", "cut", "other"])
def test_a_pairing_file_that_does_not_open_is_refused_in_one_sentence(operator, tmp_path, spoil):
    file = pairing_file(operator, tmp_path / "tower.pair")
    data = file.read_bytes()
    wrong = {"changed": data[:-1] + bytes([data[-1] ^ 1]), "cut": data[:60], "other": b"hello"}
    file.write_bytes(wrong.get(spoil, data))
    there = ClusterFolder(tmp_path / "there")
    with pytest.raises(InvalidInput, match=r"does not open|no pairing file"):
        join(there, file, "another-passphrase" if spoil == "passphrase" else WORDS, NOW)
    assert not there.exists


def test_an_invitation_whose_certificate_has_ended_is_refused(operator, tmp_path):
    file = pairing_file(operator, tmp_path / "tower.pair")
    with pytest.raises(InvalidInput, match="has ended"):
        join(ClusterFolder(tmp_path / "there"), file, WORDS, NOW + timedelta(days=4000))


def test_who_is_removed_is_no_longer_of_the_authority(operator, tmp_path):
    pairing_file(operator, tmp_path / "one.pair", "one")
    pairing_file(operator, tmp_path / "two.pair", "two")
    before = operator.authority.read_bytes()
    left = remove_machine(operator, "one", NOW)
    assert (left.machines, left.to_invite) == ((), ("two",))
    assert operator.authority.read_bytes() != before
    with pytest.raises(InvalidInput, match="no machine"):
        remove_machine(operator, "one", NOW)
    pairing_file(operator, tmp_path / "again.pair", "two")
    assert (operator.membership().machines, operator.membership().to_invite) == (("two",), ())


def test_an_invitation_from_the_future_means_that_the_clock_is_wrong(operator, tmp_path):
    file = pairing_file(operator, tmp_path / "tower.pair")
    with pytest.raises(InvalidInput, match="clock of this computer says 1970-01-01"):
        join(ClusterFolder(tmp_path / "there"), file, WORDS, datetime(1970, 1, 1, tzinfo=UTC))


def a_scheduler(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # nobody waits for it, on purpose
        return start_in_background([sys.executable, "-c", "import time; time.sleep(60)"], folder.scheduler_note)


def test_a_new_cluster_ends_the_scheduler_of_before_and_knows_whom_to_invite(operator, tmp_path):
    pairing_file(operator, tmp_path / "tower.pair")
    a_scheduler(operator)
    made = init_cluster(operator, name="desk", host="127.0.0.1", port=8786, again=True)
    assert (made.machines, made.to_invite) == ((), ("tower",))
    assert background_scheduler(operator.scheduler_note) == 0


def test_a_scheduler_that_cannot_be_ended_is_not_waited_for_without_end(operator, monkeypatch):
    pid = a_scheduler(operator)
    with monkeypatch.context() as patch:
        patch.setattr(os, "killpg", lambda *_what: (_ for _ in ()).throw(PermissionError()))
        with pytest.raises(InvalidInput, match=f"process {pid}\\) cannot be ended from here"):
            end_background_and_wait(operator.scheduler_note, end_s=0.1)
    assert end_background_and_wait(operator.scheduler_note)


def test_a_scheduler_of_which_no_note_can_be_kept_does_not_stay(operator, tmp_path):
    before = set(psutil.Process().children())
    with pytest.raises(NotSaved):
        start_in_background([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "not there" / "note")
    assert set(psutil.Process().children()) <= before


def test_the_operator_moves_to_another_address_with_the_keys_of_before(operator):
    before = operator.bond()
    move_cluster(operator, "localhost", 9000)
    after = operator.bond()
    assert operator.membership().address == "tls://localhost:9000"
    assert after == replace(before, host="localhost", port=9000)
    with pytest.raises(InvalidInput, match="does not have that address"):
        move_cluster(operator, "192.0.2.77")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "a b", "*"])
def test_a_cluster_never_listens_everywhere(host):
    with pytest.raises(InvalidInput, match="never listens everywhere"):
        usable_host(host)


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("192.168.1.5:8786", "named by --port"),
        ("fe80::1%eth0", "one cable only"),
        ("192.0.2.77", "does not have that address"),
        ("nowhere.invalid", "no computer of that name"),
        ("desk", "leads to 127.0.1.1, where no other one finds it"),
    ],
)
def test_an_address_at_which_nobody_would_find_the_cluster_is_refused(tmp_path, monkeypatch, host, why):
    real = socket.getaddrinfo
    # As many systems write the own name into their list of hosts.
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda name, *more, **rest: real("127.0.1.1" if name == "desk" else name, *more, **rest)
    )
    with pytest.raises(InvalidInput, match=why):
        init_cluster(ClusterFolder(tmp_path / "new"), name="desk", host=host, port=8786, again=False)
    assert not ClusterFolder(tmp_path / "new").exists
    with pytest.raises(InvalidInput, match="between 1024 and"):
        init_cluster(ClusterFolder(tmp_path / "new"), name="desk", host="127.0.0.1", port=99_999, again=False)


def test_ipv6_is_written_with_brackets_or_without(tmp_path):
    made = [make_cluster(ClusterFolder(tmp_path), "desk", host, NOW).address for host in ("::1", "[::1]")]
    assert made == ["tls://[::1]:8786"] * 2


def test_ports_of_a_worker_are_those_after_the_schedulers_or_as_typed(operator):
    assert operator.membership().worker_ports == (8787, 8796)
    assert (usable_ports("9000"), usable_ports(" 9000-9010 ")) == ((9000, 9000), (9000, 9010))


@pytest.mark.parametrize("typed", ["", "80", "9010-9000", "9000-", "all", "9000-70000"])
def test_what_is_no_range_of_ports_is_refused_with_an_example(typed):
    with pytest.raises(InvalidInput, match="for example 9000-9010"):
        usable_ports(typed)
