"""The part of the self-test that is about clusters."""

from __future__ import annotations

import pytest

from stablenew_tk.app.start.cluster_trial import cluster_trial


def test_a_worker_in_a_process_of_its_own_makes_a_picture(tmp_path):
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    pytest.importorskip("cryptography", reason="the extra `cluster` is not installed")
    assert cluster_trial(tmp_path, 60.0) == "ok"
