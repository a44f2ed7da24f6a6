"""HTTP client for an engine at an address, with timeouts for every wait and size limits for every answer.

Every failure is raised as a BackendError with a sentence that contains no user name or password.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import time
import zlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar
from urllib.parse import unquote, urljoin, urlsplit

import msgspec
import requests
import urllib3
from msgspec import Struct
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.connection import HTTPConnection, HTTPSConnection

from ..domain.base.errors import (
    AccessDenied,
    AnswerLost,
    BackendError,
    EngineFault,
    InvalidInput,
    NotReady,
    Refused,
    Unreachable,
    Untrusted,
)
from ..domain.base.json_text import json_bytes
from .certificates import changed, shown_certificate
from .decoding import json_as

T = TypeVar("T")
_CHUNK = 1 << 20
_JSON = "application/json"
_PROXY_GAVE_UP = {502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530}
_MEMORY = re.compile(r"out of memory|OutOfMemory|not enough memory|DefaultCPUAllocator|MPS backend out", re.IGNORECASE)
_LOGIN = re.compile(r"/(sign[_-]?in|log[_-]?in|oauth2?|auth|sso)\b", re.IGNORECASE)
# What nginx, Apache and servers written in Go say to http on a port for https.
_WANTS_HTTPS = re.compile(rb"plain HTTP request was sent|speaking plain HTTP to an SSL|HTTP request to an HTTPS server")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
# All that a request can end with. requests' own errors are OSErrors; a header that is no text is a ValueError.
_FAILURES = (OSError, ValueError, urllib3.exceptions.HTTPError, http.client.HTTPException)


class Limits(Struct, frozen=True, kw_only=True):
    """Time limits in seconds and size limits in bytes. `stall_s`: without an answer from /progress; `total_s`: for one
    stage; `gone_s`: until a server whose connections all break is taken for gone; `settle_s`: for a stopped job to end;
    `resend_s`: between two interrupts; `poll_s`: between two polls. An answer with pictures may have as many bytes as
    fit what was asked for, but not more than `picture_bytes`; any other `body_bytes`.
    """

    connect_s: float = 3.05
    lists_s: float = 15.0
    options_s: float = 120.0
    progress_s: float = 4.5
    control_s: float = 2.0
    stall_s: float = 120.0
    total_s: float = 1800.0
    gone_s: float = 10.0
    settle_s: float = 30.0
    resend_s: float = 2.0
    poll_s: float = 0.5
    preview_s: float = 1.0
    body_bytes: int = 64 << 20
    picture_bytes: int = 512 << 20
    error_bytes: int = 64 << 10


class Address(Struct, frozen=True):
    """Address of an engine. `base` has no trailing slash and no credentials; `host` is for messages: "127.0.0.1:7860".

    `engine` is what should answer there, for messages: "WebUI", "ComfyUI". `certificate` is the fingerprint of the only
    one that counts there, "" = whatever this computer trusts.
    """

    base: str
    host: str
    user: str = ""
    password: str = ""
    engine: str = "WebUI"
    certificate: str = ""

    @property
    def machine(self) -> tuple[str, int]:
        """Name and port to connect to."""
        parts = urlsplit(self.base)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    def __repr__(self) -> str:
        return f"Address({self.base!r})"


_OF_PROXIES = (80, 443)


class Dropped(AnswerLost):
    """The connection broke or the answer was incomplete; whether the job was done is unknown."""


class Answer(Struct, frozen=True):
    """One complete HTTP answer within the limits. Nobody changes `body`."""

    status: int
    body: bytes | bytearray
    content_type: str = ""
    location: str = ""

    @property
    def is_html(self) -> bool:
        """Whether it is a web page, which the API of an engine never sends."""
        return "html" in self.content_type or self.body[:200].lstrip().lower().startswith((b"<!doctype", b"<html"))


def parse_address(
    url: str, user: str = "", password: str = "", *, engine: str = "WebUI", certificate: str = ""
) -> Address:
    """Parse a typed address. Scheme and path may be missing, credentials included. Raises InvalidInput."""
    text = url.strip()
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError:
        raise InvalidInput(f"The {engine} address is not an address. Example: http://127.0.0.1:7860", "url") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput(f"The {engine} address must look like http://127.0.0.1:7860.", "url")
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    host = f"{name}:{port}" if port else name
    path = parts.path.rstrip("/").removesuffix("/docs").removesuffix("/v1").removesuffix("/sdapi")
    user, password = user or unquote(parts.username or ""), password or unquote(parts.password or "")
    return Address(f"{parts.scheme}://{host}{path}", host, user, password, engine, certificate)


def listens(address: Address, timeout_s: float) -> bool:
    """Whether a connection can be made, without a word said on it."""
    try:
        socket.create_connection(address.machine, timeout_s).close()
    except OSError:
        return False
    return True


def server_behind(address: Address, timeout_s: float) -> str:
    """Where a connection leads, by whatever name: "192.168.1.5:7860", "localhost:7860" for this computer.

    "" where nobody listens, and at the ports of the web: one proxy stands there for many servers, told by their names.
    """
    port, path = address.machine[1], urlsplit(address.base).path
    if port in _OF_PROXIES:
        return ""
    try:
        with socket.create_connection(address.machine, timeout_s) as connection:
            there, here = connection.getpeername()[0], connection.getsockname()[0]
    except OSError:
        return ""
    # What leads to an address of this computer comes from the same address.
    return f"{'localhost' if there == here else there}:{port}{path}"


class _Exchange:
    """State of one running request: its deadline, its socket, and the reason why another thread ended it."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.sock: socket.socket | None = None
        self.reason = ""

    def end(self, reason: str) -> None:
        self.reason = reason
        if self.sock is not None:
            try:
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            except OSError:
                return  # Already closed: the waiting side has woken up by itself.


_current: ContextVar[_Exchange | None] = ContextVar("_current", default=None)


class _Wire(socket.socket):
    """A socket whose waits all end at the deadline of the request, even when single bytes keep arriving."""

    def recv_into(self, *args: Any, **more: Any) -> int:
        exchange = _current.get()
        if exchange is not None:
            left = exchange.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self.settimeout(left)
        return super().recv_into(*args, **more)


def _remember(connection: HTTPConnection) -> None:
    exchange = _current.get()
    if exchange is not None:
        exchange.sock = connection.sock
        if exchange.reason:
            exchange.end(exchange.reason)


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        timeout = made.gettimeout()
        wire = _Wire(made.family, made.type, made.proto, fileno=made.detach())
        wire.settimeout(timeout)
        return wire

    def connect(self) -> None:
        super().connect()
        _remember(self)


class _Secure(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _remember(self)


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls: Any = _Plain

    def _put_conn(self, conn: Any) -> None:
        # A kept connection may be closed by the server at the very moment it is used again, which looks as if work had
        # been lost. Every request gets a fresh one, which also is the one that `Line.end` knows.
        if conn is not None:
            conn.close()
        super()._put_conn(conn)


class _SecurePool(_PlainPool, urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    def __init__(self, certificate: str) -> None:
        self._certificate = certificate
        super().__init__(pool_maxsize=4)

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, assert_fingerprint=self._certificate or None)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        # The library reads the target even when it must not follow, and breaks when that is no text or no address.
        return None


class Connection:
    """An HTTP session with one server. Several threads may use it at once; `end` affects the latest request only."""

    def __init__(self, address: Address, limits: Limits) -> None:
        self.address = address
        self.limits = limits
        self._live: _Exchange | None = None
        self._running: set[_Exchange] = set()
        self._closed = False
        self._session = _Session()
        # Proxies and .netrc of the environment must not get between us and an engine on this machine.
        self._session.trust_env = False
        self._session.headers.update({"Accept-Encoding": "identity", "Connection": "close"})
        if address.user or address.password:
            self._session.auth = HTTPBasicAuth(address.user.encode(), address.password.encode())
        # A certificate that the user trusts replaces the usual checks; the adapter then takes no other one.
        self._session.verify = not address.certificate
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(address.certificate))

    def get(
        self, path: str, *, timeout_s: float, params: Mapping[str, str] | None = None, most_bytes: int = 0
    ) -> Answer:
        """GET, twice when the connection breaks. Raises Unreachable, AnswerLost or Refused.

        A whole answer of more than `most_bytes` (0 = as the limits say) is lost; it is never read further.
        """
        try:
            return self._request("GET", path, None, params, timeout_s, most_bytes=most_bytes)
        except Dropped:
            return self._request("GET", path, None, params, timeout_s, most_bytes=most_bytes)

    def post(self, path: str, body: Mapping[str, object], *, timeout_s: float, most_bytes: int = 0) -> Answer:
        """POST exactly once; `most_bytes` as in `get`. Raises Unreachable, AnswerLost (Dropped) or Refused."""
        return self._request("POST", path, json_bytes(body), None, timeout_s, most_bytes=most_bytes)

    def post_form(
        self, path: str, values: Mapping[str, str], file: tuple[str, str, bytes], *, timeout_s: float
    ) -> Answer:
        """POST a form with one file (field, file name, bytes) exactly once. Raises as `post`."""
        field, name, data = file
        body, kind = urllib3.encode_multipart_formdata({**values, field: (name, data)})
        return self._request("POST", path, body, None, timeout_s, content_type=kind)

    def end(self, reason: str) -> None:
        """Make the running request fail with AnswerLost(reason). Any thread."""
        if (live := self._live) is not None:
            live.end(reason)

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """End all running requests; those that follow fail at once with AnswerLost. Any thread."""
        self._closed = True
        for exchange in tuple(self._running):
            exchange.end(self._closed_words)
        self._session.close()

    @property
    def _closed_words(self) -> str:
        return f"The connection to {self.address.host} was closed."

    def _request(
        self,
        method: str,
        path: str,
        data: bytes | None,
        params: Mapping[str, str] | None,
        timeout_s: float,
        *,
        content_type: str = _JSON,
        most_bytes: int = 0,
    ) -> Answer:
        exchange = _Exchange(time.monotonic() + timeout_s)
        token = _current.set(exchange)
        self._live = exchange
        self._running.add(exchange)
        try:
            # After it was noted: a `close` that comes later ends this request.
            if self._closed:
                raise AnswerLost(self._closed_words)
            with self._session.request(
                method,
                self.address.base + path,
                data=data,
                params=params,
                headers={"Content-Type": content_type},
                stream=True,
                allow_redirects=False,
                timeout=(self.limits.connect_s, timeout_s),
            ) as response:
                return self._read(response, exchange, most_bytes or self.limits.body_bytes)
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
            OSError,
            ValueError,
        ) as err:
            raise self._error(err, exchange, timeout_s) from err
        finally:
            self._running.discard(exchange)
            if self._live is exchange:
                self._live = None
            _current.reset(token)

    def _read(self, response: requests.Response, exchange: _Exchange, most_bytes: int) -> Answer:
        whole = response.status_code < 400
        cap = most_bytes if whole else self.limits.error_bytes
        if whole and _announced(response.headers.get("Content-Length", "")) > cap:
            raise AnswerLost(f"{self.address.host} announced an answer of more than {cap >> 20} MiB. It was not read.")
        unpack = None
        if response.headers.get("Content-Encoding", "identity") != "identity":
            unpack = zlib.decompressobj(47)
        # One buffer and no copy of it: an answer may be as large as all other memory of this program.
        body = bytearray()
        read = 0
        while len(body) <= cap and read <= cap and (chunk := response.raw.read1(_CHUNK, decode_content=False)):
            read += len(chunk)
            for piece in (chunk,) if unpack is None else self._unpacked(unpack, chunk):
                body += piece
                if len(body) > cap:
                    break
            if time.monotonic() > exchange.deadline:
                raise TimeoutError
        if exchange.reason:  # An answer of untold length ends quietly when it is cut off.
            raise AnswerLost(exchange.reason)
        if len(body) > cap:
            if whole:
                raise AnswerLost(
                    f"The answer of {self.address.host} is larger than {cap >> 20} MiB. It was thrown away."
                )
            del body[cap:]
        head = response.headers
        return Answer(response.status_code, body, head.get("Content-Type", ""), head.get("Location", ""))

    def _unpacked(self, unpack: Any, chunk: bytes) -> Iterator[bytes]:
        """What is packed in a chunk, in pieces: a megabyte may hold a gigabyte."""
        try:
            while chunk:
                yield unpack.decompress(chunk, _CHUNK)
                chunk = unpack.unconsumed_tail
        except zlib.error as err:
            raise Dropped(f"{self.address.host} sent an answer packed in a way that was not asked for.") from err

    def _error(self, err: Exception, exchange: _Exchange, timeout_s: float) -> BackendError:
        host, causes = self.address.host, list(_causes(err))

        def any_of(*kinds: type[BaseException]) -> bool:
            return any(isinstance(cause, kinds) for cause in causes)

        if exchange.reason:
            return AnswerLost(exchange.reason)
        if any_of(urllib3.exceptions.NameResolutionError):
            return Unreachable(f"There is no machine called {host}. Check the address.")
        if any_of(urllib3.exceptions.NewConnectionError):
            return Unreachable(f"No {self.address.engine} is running at {host}. Start it, or change the address.")
        if any_of(requests.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError):
            return Unreachable(f"Nobody answers at {host} within {self.limits.connect_s:g} s. Is the address right?")
        if any_of(requests.exceptions.SSLError):
            return self._tls_error(causes)
        if any_of(requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
            return AnswerLost(f"{host} gave no whole answer within {timeout_s:g} s.")
        if any_of(http.client.IncompleteRead, ConnectionError, urllib3.exceptions.IncompleteRead):
            return Dropped(f"The connection to {host} broke before the answer was complete.")
        if any_of(http.client.BadStatusLine):
            what = self.address.engine
            return Refused(f"What answers at {host} is not a {what}: it does not speak HTTP. Check the port.")
        return AnswerLost(f"{host} sent an answer that cannot be read ({type(causes[-1]).__name__}).")

    def _tls_error(self, causes: list[BaseException]) -> BackendError:
        host, trusted = self.address.host, self.address.certificate
        shown = shown_certificate(*self.address.machine, self.limits.connect_s)
        if shown is None:
            return Refused(f"{host} does not speak https as expected. Try the address with http://.")
        if trusted and shown.fingerprint != trusted:
            return Untrusted(changed(host, shown.fingerprint, trusted), certificate=shown)
        why = next((one.verify_message for one in causes if isinstance(one, ssl.SSLCertVerificationError)), "")
        if not why:
            return AnswerLost(f"The https connection to {host} broke ({causes[-1]}).")
        return Untrusted(
            f"{host} shows a certificate that this computer does not trust ({why.rstrip('.')}): {shown}. Compare the "
            "fingerprint with that of your server, then trust it in Settings or with --trust FINGERPRINT.",
            certificate=shown,
        )


def _announced(length: str) -> int:
    """The size that a Content-Length header announces; 0 when it is not one number. Only what really comes counts."""
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def _causes(err: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps, outermost first: urllib3 keeps causes in `args` and `reason`."""
    seen: list[BaseException] = []
    waiting: list[object] = [err]
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, BaseException) and not any(found is known for known in seen):
            seen.append(found)
            yield found
            waiting += [*found.args, getattr(found, "reason", None)]


def decode(answer: Answer, kind: type[T], host: str, *, engine: str = "WebUI") -> T:
    """Decode the answer's JSON as the given type. Raises Dropped for other JSON, Refused for a web page."""
    if answer.is_html:
        page = f"a web page ({_start(answer)})"
        raise Refused(f"What answers at {host} is not a {engine} but {page}.", status=answer.status)
    try:
        return json_as(answer.body, kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as err:
        raise Dropped(f"{host} sent an answer that is not whole or not JSON.", status=answer.status) from err


def raise_for_status(answer: Answer, address: Address, doing: str) -> None:
    """Return for 2xx; else raise what the status means. `doing` says when: "making the picture"."""
    status, host = answer.status, address.host
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        target = parse_target(answer.location, address.base)
        if _LOGIN.search(target):
            page = urlsplit(target).path
            raise AccessDenied(f"{host} sends us to a login page ({page}), which needs a browser.", status=status)
        raise Refused(f"{host} sends us on to {target}. Use that address if it is the {address.engine}.", status=status)
    if status == 400 and address.base.startswith("http:") and _WANTS_HTTPS.search(answer.body):
        better = address.base.replace("http:", "https:", 1)
        raise Refused(f"{host} wants https, not http. Use the address {better}", status=status)
    if status == 403 and answer.is_html:
        raise AccessDenied(f"Something in front of {host} turns us away ({_start(answer)}).", status=status)
    if status in (401, 403):
        given = "the user and password given with --api-auth" if address.engine == "WebUI" else "its user and password"
        raise AccessDenied(f"{host} wants a login: enter {given}.", status=status)
    text = error_text(answer.body).replace(address.password or "\0", "•••")
    if answer.is_html or status in _PROXY_GAVE_UP:
        if status in _PROXY_GAVE_UP:
            raise AnswerLost(
                f"Something in front of {host} gave up waiting ({status}, {_start(answer)}).", status=status
            )
        raise NotReady(
            f"{host} answers with a web page instead of its API ({status}, {_start(answer)}).", status=status
        )
    if status == 404 and text in ("", "Not Found"):
        raise NotReady(
            f"{host} answers, but its API is not there: it was started without --api, or is still starting.",
            status=status,
        )
    if status == 404 and "json" not in answer.content_type:
        raise Refused(
            f"What answers at {host} is neither a WebUI nor ComfyUI ({_start(answer)}). Check port and path.",
            status=status,
        )
    if status < 500:
        raise Refused(f"{host} turned the request down while {doing}: {text or status}.", status=status)
    if _MEMORY.search(text):
        advice = "Choose a smaller size or batch, or switch on tiled VAE."
        raise EngineFault(f"{host} ran out of GPU memory while {doing} ({text}). {advice}", status=status)
    raise EngineFault(f"{host} failed while {doing}: {text or f'status {status}'}.", status=status)


def parse_target(location: str, base: str) -> str:
    """The target of a redirect away from `base`, without credentials, for messages."""
    try:
        parts = urlsplit(urljoin(f"{base}/", location))
        port = f":{parts.port}" if parts.port else ""
        host = parts.hostname or ""
    except ValueError:
        return "an unreadable address"
    return _CONTROL.sub(" ", f"{parts.scheme}://{host}{port}{parts.path}")[:120]


def error_text(body: bytes | bytearray) -> str:
    """The message in an error answer as one short line; "" when there is none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _line(body.decode("utf-8", "replace"))
    if not isinstance(found, dict):
        return ""
    for key in ("errors", "message", "detail", "error"):
        text = _message_text(found.get(key))
        if text:
            return text
    return ""


def _message_text(value: object) -> str:
    if isinstance(value, str):
        return _line(value)
    rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
    said = ((_place(row.get("loc")), str(row.get("msg") or "")) for row in rows)
    return _line("; ".join(": ".join(filter(None, pair)) for pair in said if any(pair)))


def _place(loc: object) -> str:
    """Where FastAPI found a fault, such as "steps": a list of names and numbers, or whatever else a server sends."""
    parts = loc if isinstance(loc, list) else () if loc is None else (loc,)
    return ".".join(str(part) for part in parts if part != "body")


def _line(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else ""
    return _CONTROL.sub(" ", first)[:300].rstrip(". ")


def _start(answer: Answer) -> str:
    text = _CONTROL.sub(" ", answer.body[:80].decode("utf-8", "replace")).strip()
    return f"{answer.content_type.partition(';')[0] or 'no type'}: {text!r}"
