"""All exceptions of the program. Their text is a sentence for the user: what failed, on which thing, what to do.

StableNewError                 its text is shown to the user as it is
├── InvalidInput               a value, pack, plan or option that cannot be used; nothing was started
├── BackendError               the engine that makes pictures failed
│   ├── Unreachable            nobody answered; the job surely did not start
│   ├── NotReady               a server answers but its API is not (yet) there
│   ├── AccessDenied           login missing or wrong
│   │   └── Untrusted          it shows a certificate that nobody trusts; nothing was sent
│   ├── Refused                the request was understood and turned down (400, 404, 422)
│   ├── EngineFault            the engine broke while working (500, out of memory)
│   ├── AnswerLost             the work may have been done, but no usable answer came back
│   └── BadImage               an answer came, but its picture is not a whole picture
├── Cancelled                  the user stopped it
│   └── StillWorking           the same, and the engine goes on for itself
└── StorageError               a disk operation failed
    ├── NotSaved               the line or file is not on disk; what was there before is unchanged
    │   └── ChangedMeanwhile   somebody else changed the file since it was read
    └── Unreadable             a file of ours or of the user cannot be read
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .certificate import Certificate


class StableNewError(Exception):
    """Base of all expected failures. `str(error)` is one sentence for the user."""


class InvalidInput(StableNewError, ValueError):
    """A value from outside cannot be used. `where` names the field, file or option."""

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(message)
        self.where = where


class BackendError(StableNewError):
    """The backend failed. `status` is the HTTP status (0 = none), `retryable` whether trying again may help, `brief`
    what the top bar says of it, in two or three words.
    """

    retryable = False
    brief = "failed"

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(BackendError):
    """Nobody answered and the job surely did not start: the queue waits, nothing failed."""

    retryable = True
    brief = "no answer"


class NotReady(BackendError):
    """A server answers but the routes needed are missing: still starting, or started without its API."""

    retryable = True
    brief = "not ready"


class AccessDenied(BackendError):
    """Login missing or wrong (401, 403): nothing was started, and the queue waits for the right one."""

    brief = "wants a login"


class Untrusted(AccessDenied):
    """The server shows a certificate that neither this computer nor the user trusts: nothing was sent to it."""

    brief = "unknown certificate"

    def __init__(self, message: str, *, certificate: Certificate) -> None:
        super().__init__(message)
        self.certificate = certificate


class Refused(BackendError):
    """The request was turned down (400, 404, 405, 422): the same request will never work."""

    brief = "turns requests down"


class EngineFault(BackendError):
    """The engine broke while working (5xx), for example out of GPU memory."""


class AnswerLost(BackendError):
    """The job may have run, but no usable answer came back (cut, hung, not JSON)."""

    retryable = True


class BadImage(BackendError):
    """The answer's picture is damaged or cut short. It was not saved."""

    retryable = True


class Cancelled(StableNewError):
    """The user stopped the job."""


class StillWorking(Cancelled):
    """The user stopped the job, and the engine, which cannot be interrupted, makes the picture for nobody."""


class NoScreen(StableNewError):
    """No window can be opened on this system."""


class StorageError(StableNewError):
    """A disk operation failed."""


class NotSaved(StorageError):
    """The line or file is not on disk; what was there before is unchanged. Trying again is safe."""


class ChangedMeanwhile(NotSaved):
    """Somebody else changed the file since it was read; it was left as it is."""


class Unreadable(StorageError):
    """A file cannot be read or is not what its name says."""
