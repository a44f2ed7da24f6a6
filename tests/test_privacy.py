"""The program never calls home: what docs/privacy.md says, held."""

from __future__ import annotations

import ast
import re
import socket

import pytest
from terminal import FEW, Terminal
from test_architecture import MODULES, TREES, imports_of

# Who may open a connection, and to what.
MAY_CONNECT = {
    "stablenew_tk.backends.transport": "the address that the user chose",
    "stablenew_tk.backends.comfyui.listener": "the address that the user chose",
    "stablenew_tk.backends.certificates": "the address that the user chose",
    "stablenew_tk.backends.sdserver.program": "its own child on this computer",
    "stablenew_tk.pipeline.second_start": "itself on this computer",
    "stablenew_tk.gui.display_server": "the screen of the user",
    **dict.fromkeys(
        (
            "stablenew_tk.storage.cluster.invitations",
            *(
                f"stablenew_tk.pipeline.cluster.{one}"
                for one in ("dask_settings", "link", "reach", "scheduler", "worker")
            ),
        ),
        "the machines that the user paired",
    ),
}
NETWORK = re.compile(
    r"(socket|ssl|http|urllib\.request|urllib3|requests|ftplib|smtplib|telnetlib|xmlrpc|asyncio|distributed|webbrowser)(\.|$)"
)
# Names of vocabularies, and the first words of a file: nobody is asked for anything there.
VOCABULARIES = (
    "https://git-lfs",
    "http://www.w3.org/",
    "http://ns.adobe.com/",
    "http://purl.org/",
    "http://www.digikam.org/",
)
EXAMPLES = re.compile(r"https?://(127\.0\.0\.1|localhost|tower)\b")


def test_only_the_engines_can_open_a_connection():
    found = {name for name in MODULES if any(NETWORK.match(module) for module, _ in imports_of(name))}
    assert found == set(MAY_CONNECT) & set(MODULES)


def test_no_address_of_anybody_stands_in_the_program():
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
                text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
                for address in re.findall(r"https?://[\w.-]+\.?\w+[^\s\"'{}]*", text):
                    assert EXAMPLES.match(address) or address.startswith(VOCABULARIES), f"{name}: {address}"


@pytest.mark.parametrize("words", [("doctor",), ("run", "two.txt", *FEW), ("records", "verify"), ("insights",)])
def test_with_the_sketch_engine_no_connection_is_opened_and_no_name_looked_up(words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = []
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: asked.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *address, **_more: asked.append(address))
    assert Terminal(tmp_path, capsys)(*words).code == 0
    assert asked == []
