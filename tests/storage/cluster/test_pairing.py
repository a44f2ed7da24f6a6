"""Keys and pairing files of a cluster: for their owner only, and never half open."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("cryptography", reason="the extra `cluster` is not installed")

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.storage.cluster.folder import ClusterFolder, usable_host, usable_ports
from stablenew_tk.storage.cluster.invitations import invite_machine
from stablenew_tk.storage.cluster.pairing import invite, join, make_cluster, remove_machine, save_pairing

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
    joined = join(there, tmp_path / "tower.pair", invitation.passphrase, NOW)
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
    assert left.machines == ("two",)
    assert operator.authority.read_bytes() != before
    with pytest.raises(InvalidInput, match="no machine"):
        remove_machine(operator, "one", NOW)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "a b", "*"])
def test_a_cluster_never_listens_everywhere(host):
    with pytest.raises(InvalidInput, match="never listens everywhere"):
        usable_host(host)


def test_ports_of_a_worker_are_those_after_the_schedulers_or_as_typed(operator):
    assert operator.membership().worker_ports == (8787, 8796)
    assert (usable_ports("9000"), usable_ports(" 9000-9010 ")) == ((9000, 9000), (9000, 9010))


@pytest.mark.parametrize("typed", ["", "80", "9010-9000", "9000-", "all", "9000-70000"])
def test_what_is_no_range_of_ports_is_refused_with_an_example(typed):
    with pytest.raises(InvalidInput, match="for example 9000-9010"):
        usable_ports(typed)
