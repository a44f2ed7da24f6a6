"""Settings that a request overrides go back to what they were, never while a picture of somebody else needs them."""

from __future__ import annotations

import pytest
from fake_webui import FakeWebUI

from stablenew_tk.backends.transport import Connection, Limits, parse_address
from stablenew_tk.backends.webui.discovery import read_options
from stablenew_tk.backends.webui.lent_settings import LentSettings

KEY = "CLIP_stop_at_last_layers"


@pytest.fixture
def fake():
    with FakeWebUI("forge") as server:
        yield server


@pytest.fixture
def lent(fake):
    """After a request of ours that wanted 2, on a server that had 1."""
    connection = Connection(parse_address(fake.url), Limits())
    made = LentSettings(connection)
    made.lend({KEY: 2}, read_options(connection), "Forge", keeps=True, is_idle=lambda: True)
    yield made
    connection.close()


def test_what_the_server_keeps_is_set_back_while_it_is_idle(fake, lent):
    fake.options[KEY] = 2
    assert lent.take_back(lambda: True) == ()
    assert fake.options[KEY] == 1


def test_it_stays_while_another_program_works_also_when_that_began_a_moment_ago(fake, lent):
    idle = iter((True, False))

    def look():
        # Right after the first look the other one's picture begins, which wants the same value.
        fake.options[KEY] = 2
        return next(idle)

    fake.options[KEY] = 2
    assert lent.take_back(look) == ()
    assert fake.options[KEY] == 2
    # That picture is done, and the server gave its own value back.
    fake.options[KEY] = 1
    assert lent.take_back(lambda: True) == ()
    assert fake.options[KEY] == 1


def test_nothing_is_offered_to_a_server_at_which_another_picture_has_begun(fake):
    connection = Connection(parse_address(fake.url), Limits())
    looks = iter((True, False))
    lent = LentSettings(connection)
    lent.lend({KEY: 2}, read_options(connection), "Forge", keeps=True, is_idle=lambda: next(looks))
    assert fake.count("options") == 0
    # It is made up for before the next request that finds the server idle.
    lent.lend({KEY: 2}, read_options(connection), "Forge", keeps=True, is_idle=lambda: True)
    assert fake.count("options") == 1
    connection.close()
