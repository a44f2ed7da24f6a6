"""https with certificates that this computer does not know: told, trusted for one address, refused once they change."""

from __future__ import annotations

import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from tls_front import TlsFront, fingerprint

from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.certificates import shown_certificate
from stablenew_tk.backends.comfyui.listener import Listener, SocketLost
from stablenew_tk.backends.remote.backend import Remote
from stablenew_tk.backends.transport import Limits, parse_address
from stablenew_tk.domain.base.certificate import as_fingerprint
from stablenew_tk.domain.base.errors import Refused, Untrusted
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig

PATIENT = Limits(connect_s=20, lists_s=20, progress_s=20, control_s=20, poll_s=0.02)
SMALL = {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 4, "checkpoint": "ink_model"}


@pytest.fixture(params=[FakeWebUI, FakeComfyUI])
def behind(request):
    with request.param() as server:
        yield server


def refused(url, **more):
    server = Remote(url, limits=PATIENT, **more)
    try:
        with pytest.raises(Untrusted) as caught:
            server.check()
        return caught.value
    finally:
        server.close()


def order():
    config = with_values(PipelineConfig(), SMALL)
    return StageOrder(job_id="01J", stage="txt2img", prompt="a boat", negative="", seed=7, config=config)


class TestTold:
    def test_whose_it_is_who_signed_it_until_when_and_its_fingerprint(self, behind):
        with TlsFront(behind.port) as front:
            error = refused(front.url)
            found = error.certificate
            assert (found.fingerprint, found.signer) == (fingerprint("tower"), "itself")
            assert found.until == "2126-11-04"
            assert "tower.example" in found.names
            for part in (f"127.0.0.1:{front.port}", "tower.example", "itself", "2126-11-04", fingerprint("tower")):
                assert part in str(error)
            assert front.heard == b""

    def test_one_of_an_unknown_authority_that_has_run_out(self, behind):
        with TlsFront(behind.port, "old") as front:
            found = refused(front.url).certificate
            assert (found.names, found.signer, found.until) == (("old.example",), "House CA", "2021-01-01")

    def test_no_login_goes_to_a_server_that_nobody_trusts(self, behind):
        with TlsFront(behind.port) as front:
            refused(front.url, user="me", password="s3cret")
            assert front.heard == b""


class TestTrusted:
    @pytest.mark.parametrize("name", ["tower", "old"])
    def test_it_makes_pictures(self, behind, name):
        with TlsFront(behind.port, name) as front:
            server = Remote(front.url, limits=PATIENT, certificate=fingerprint(name))
            try:
                assert len(server.generate(order()).images) == 1
            finally:
                server.close()

    def test_a_changed_one_is_refused_with_both_fingerprints_and_hears_nothing(self, behind):
        with TlsFront(behind.port, "newer") as front:
            error = refused(front.url, user="me", password="s3cret", certificate=fingerprint("tower"))
            assert f"{fingerprint('newer')} instead of {fingerprint('tower')}" in str(error)
            assert error.certificate.fingerprint == fingerprint("newer")
            assert front.heard == b""

    def test_one_that_changes_later_is_refused_too(self, behind):
        with TlsFront(behind.port) as front:
            server = Remote(front.url, limits=PATIENT, certificate=fingerprint("tower"))
            try:
                assert server.check().samplers
                front.certificate = "newer"
                heard = front.heard
                with pytest.raises(Untrusted, match="another certificate"):
                    server.check()
                assert front.heard == heard
            finally:
                server.close()

    def test_it_counts_at_no_other_address(self, behind):
        with TlsFront(behind.port) as front, TlsFront(behind.port) as other:
            server = Remote(front.url, limits=PATIENT, certificate=fingerprint("tower"))
            try:
                assert server.check().samplers
                refused(other.url)
            finally:
                server.close()


class TestTheSocketOfComfyUI:
    def test_it_is_opened_with_the_trusted_one_alone(self):
        with FakeComfyUI() as behind, TlsFront(behind.port) as front:
            trusted = parse_address(front.url, certificate=fingerprint("tower"))
            listener = Listener(trusted, "me", connect_s=30)
            listener.close()
            heard = front.heard
            for address in (parse_address(front.url), parse_address(front.url, certificate=fingerprint("newer"))):
                with pytest.raises(SocketLost, match="no connection"):
                    Listener(address, "me", connect_s=30)
            assert front.heard == heard


class TestHttpAndHttps:
    def test_http_where_https_is_wanted_names_the_address(self, behind):
        with TlsFront(behind.port) as front:
            server = Remote(front.url.replace("https", "http"), limits=PATIENT)
            with pytest.raises(Refused, match=f"wants https, not http. Use the address {front.url}"):
                server.check()
            server.close()

    def test_https_where_only_http_is_spoken(self, behind):
        server = Remote(behind.url.replace("http", "https"), limits=PATIENT)
        with pytest.raises(Refused, match=r"does not speak https as expected\. Try the address with http://"):
            server.check()
        server.close()

    def test_where_nobody_speaks_tls_there_is_no_certificate(self, behind):
        assert shown_certificate("127.0.0.1", behind.port, 20) is None
        assert shown_certificate("127.0.0.1", 9, 20) is None


@pytest.mark.parametrize(
    "typed",
    [
        "15a1cc632b9b3b484f8c063fe38fb8a515d0010a02562f344e207247b5b475dc",
        " 15:A1:CC:63:2B:9B:3B:48:4F:8C:06:3F:E3:8F:B8:A5:15:D0:01:0A:02:56:2F:34:4E:20:72:47:B5:B4:75:DC\n",
        f"sha256 Fingerprint={fingerprint('tower')}",
        "SHA-256 15a1cc63 2b9b3b48 4f8c063f e38fb8a5 15d0010a 02562f34 4e207247 b5b475dc",
    ],
)
def test_a_fingerprint_is_read_as_people_copy_it(typed):
    assert as_fingerprint(typed) == fingerprint("tower")


@pytest.mark.parametrize("typed", ["", "15:A1", "g" * 64, "1" * 63, "1" * 65, "https://tower"])
def test_what_is_no_fingerprint_is_none(typed):
    assert as_fingerprint(typed) == ""
