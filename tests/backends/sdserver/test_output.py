"""What an sd-server prints, and what of it is told; the states of the engine."""

from __future__ import annotations

import pytest

from stablenew_tk.backends.sdserver.engine_state import EngineState
from stablenew_tk.backends.sdserver.output import LONGEST, last_words, progress_of

BAR = "  |==========>         | "


class TestProgress:
    def test_the_last_bar_counts(self):
        told = progress_of(f"{BAR}1/20 - 1.31s/it\r{BAR}5/20 - 2.10it/s\r".encode(), 20)
        assert (told.step, told.steps, told.fraction, told.state) == (5, 20, 0.25, "")

    def test_weights_are_no_steps(self):
        told = progress_of(f"{BAR}210/686 - 1.21GB/s".encode(), 20)
        assert (told.step, told.fraction, told.state) == (0, 0.0, "loading checkpoint")

    def test_a_bar_of_another_length_is_a_share_without_steps(self):
        told = progress_of(f"{BAR}20/20 - 1.31s/it\n{BAR}3/12 - 1.31s/it".encode(), 20)
        assert (told.step, told.steps, told.fraction) == (0, 0, 0.25)

    def test_without_known_steps_any_bar_counts(self):
        assert progress_of(f"{BAR}3/12 - 1.31s/it".encode(), 0).step == 3

    @pytest.mark.parametrize("printed", [b"", b"\xff\xfe", b"[INFO ] main.cpp:148  - listening", b"|=| 3/12"])
    def test_anything_else_says_nothing(self, printed):
        assert progress_of(printed, 20) is None

    def test_a_bar_of_nothing_is_no_division_by_nothing(self):
        assert progress_of(f"{BAR}0/0 - 1.31s/it".encode(), 0).fraction == 0


class TestLastWords:
    @pytest.mark.parametrize(
        ("printed", "told"),
        [
            ("", ""),
            ("[INFO ] main.cpp:148  - listening on: 127.0.0.1:7\n", "listening on: 127.0.0.1:7"),
            ("\x1b[31m[ERROR] a.cpp:1 - no\tsuch\x07file\x1b[0m\n", "no such file"),
            ("[WARN ] model.cpp:229  - unknown format x.sft\n[ERROR] a.cpp:2 - load failed\n", "load failed"),
            ("error: one\nerror: one\n", "error: one"),
            ("one\ntwo\nthree\n", "two · three"),
            ("  |===>   | 3/20 - 1.31s/it\rterminate called\n", "terminate called"),
            ("failed to open /home/ann/models/sub dir/boat.sft", "failed to open sub dir/boat.sft"),
            (r"failed to open C:\Users\Ann\boat.sft", "failed to open boat.sft"),
            ("cannot open '/mnt/secret/a.gguf'", "cannot open 'a.gguf'"),
            ("error: at 3/4 of 5 files, see and/or", "error: at 3/4 of 5 files, see and/or"),
        ],
    )
    def test_errors_come_first_and_folders_are_left_out(self, printed, told):
        assert last_words(printed.encode(), ["/home/ann/models"]) == told

    def test_names_of_folders_it_was_told_of_are_left_out_with_their_spaces(self):
        said = last_words(b"error: /my own models/boat.sft and /my own models", ["/my own models"])
        assert said == "error: boat.sft and …"

    def test_of_a_manual_only_the_line_before_it_is_told(self):
        manual = "error: unknown argument: --listen-port\n" + "  --x  fails when not found\n" * 60
        assert last_words(manual.encode(), []) == "error: unknown argument: --listen-port"

    def test_they_are_never_long(self):
        assert len(last_words(b"error " * 1000, [])) <= LONGEST


class TestStates:
    def test_from_the_first_start_to_the_end(self):
        state = EngineState()
        assert (state.phase, state.serves("boat")) == ("stopped", False)
        state = state.started("boat")
        assert (state.phase, state.is_starting, state.in_words) == ("starting", True, "starting sd-server")
        assert not state.serves("boat")
        state = state.answered()
        assert (state.phase, state.serves("boat"), state.serves("tram"), state.in_words) == ("ready", True, False, "")
        state = state.started("tram")
        assert (state.phase, state.model, state.in_words) == ("restarting", "tram", "restarting sd-server")
        state = state.answered().died("exit code 1")
        assert (state.phase, state.words, state.serves("tram")) == ("died", "exit code 1", False)
        assert state.started("tram").phase == "starting"
        assert state.stopped() == EngineState()

    def test_only_what_starts_can_become_ready(self):
        assert EngineState().answered() == EngineState()
        assert EngineState(phase="died", words="x").answered().phase == "died"

    def test_what_was_stopped_does_not_die(self):
        assert EngineState().died("signal 15").phase == "stopped"
