"""What the user set: backend, folders, appearance, learning mode, tags, the values of the form."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from ..base.certificate import as_fingerprint
from ..base.errors import InvalidInput
from ..base.screen_scale import AS_THE_SCREEN, MOST_SIZE
from .catalogue import Value
from .engines import OwnEngine
from .global_texts import LONGEST, GlobalTexts
from .learning_mode import ProjectLearning
from .origins import MOST_SEEDS, RANDOM_SEED
from .pipeline_config import STAGES

# C compares, I opens the inspector, P compares in pairs, U goes to the next unrated picture, X rejects.
RESERVED_TAG_KEYS = "cipux"

DEFAULT_TAGS = (
    ("n", "too noisy"),
    ("s", "too smooth"),
    ("g", "great composition"),
    ("b", "bad anatomy"),
    ("l", "good light"),
)

LONGEST_NAME = 80
MOST_MACHINES = 200
MOST_THREADS = 1024
MOST_MEMORY_GB = 4096

_LOGIN = re.compile(r"^\s*(\w+://)?.*@", re.DOTALL)
# Not in the file name of a model that an sd-server loads.
_QUERY = re.compile(r"^(?!sd-server:)([^?#]*)[?#].*$", re.DOTALL)

_ShortText = Annotated[str, Meta(max_length=4096)]

_LongText = Annotated[str, Meta(max_length=LONGEST)]

_Stage = Annotated[str, Meta(pattern=f"^({'|'.join(STAGES)})$")]

_Fingerprint = Annotated[str, Meta(pattern=r"^([0-9A-F]{2}:){31}[0-9A-F]{2}$")]

_Tag = tuple[Annotated[str, Meta(pattern=r"^[^\W\d_]$")], Annotated[str, Meta(min_length=1, max_length=60)]]


class Machine(Struct, frozen=True, omit_defaults=True):
    """One more backend beside the first: its address as `Settings.backend` has it, its login. `name` "" = that of its
    address (`domain.nodes.names`).
    """

    address: _ShortText
    name: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    user: _ShortText = ""
    password: _ShortText = ""

    def __repr__(self) -> str:
        return f"Machine({without_login(self.address)!r}, {self.name!r})"


class Settings(Struct, frozen=True, kw_only=True):
    """All settings. `backend` is "sketch", "sd-server" or an address, `output_folder` "" the usual one, `seed` −1 any.

    `machines` make pictures beside `backend`, at the same time; `backend_name` is what it is called among them, "" = as
    its address says.

    `values` holds form values the user chose last, by catalogue path; `last_runs` the same for each pack with each
    checkpoint (`domain.models.precedence.context_key`), the newest at the end. `tags` are pairs of key and words.
    `presets` are the ids of those in force, the latest chosen last; `presets_agreed` tells by id in which situations
    outside of its scope one is used all the same (`domain.models.preset_scope.Situation.context`). `loras_off` are
    LoRAs of profiles that are switched off, each with its checkpoint (`domain.models.profile_loras`). `user_name`
    stands in Learning Runs, "" = that of the system; `user` and `password` are for the backend. `certificates` are the
    fingerprints of those that the user trusts, by machine (`machine_of`). For `sd_server_…` see `engines.OwnEngine`.
    `start_command` starts the user's own server in `start_folder` ("" = where its program is), with this program when
    `start_with_app`; `server_at_close` is what happens to it when this program closes.
    `size` is that of everything in the window in percent, `AS_THE_SCREEN` (0) what suits it.
    `xmp`: stars are kept beside the pictures, too, in NAME.png.xmp ("full") or NAME.xmp ("stem"); "" = they are not.
    `workflow` is the file of the one that makes the pictures, "" = none.
    `guide`: the user is led through the loop for the first time.
    """

    backend: _ShortText = "sketch"
    backend_name: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    machines: Annotated[tuple[Machine, ...], Meta(max_length=MOST_MACHINES)] = ()
    user: _ShortText = ""
    password: _ShortText = ""
    certificates: dict[_ShortText, _Fingerprint] = {}
    sd_server_program: _ShortText = ""
    sd_server_model: _ShortText = ""
    sd_server_threads: Annotated[int, Meta(ge=0, le=MOST_THREADS)] = 0
    sd_server_memory_gb: Annotated[float, Meta(ge=0, le=MOST_MEMORY_GB)] = 0.0
    start_command: _ShortText = ""
    start_folder: _ShortText = ""
    start_with_app: bool = False
    server_at_close: Literal["ask", "stop", "leave"] = "ask"
    output_folder: _ShortText = ""
    xmp: Literal["", "full", "stem"] = ""
    pack_folders: tuple[_ShortText, ...] = ()
    wildcard_folders: tuple[_ShortText, ...] = ()
    model_folders: tuple[_ShortText, ...] = ()
    appearance: Literal["system", "dark", "light"] = "system"
    size: Annotated[int, Meta(ge=AS_THE_SCREEN, le=MOST_SIZE)] = AS_THE_SCREEN
    learning: ProjectLearning = "active"
    user_name: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    presets: tuple[_ShortText, ...] = ()
    presets_agreed: dict[_ShortText, tuple[_ShortText, ...]] = {}
    loras_off: tuple[_ShortText, ...] = ()
    go_on_after_rating: bool = True
    offer_rating: bool = True
    tags: tuple[_Tag, ...] = DEFAULT_TAGS
    global_positive: _LongText = ""
    global_negative: _LongText = ""
    global_positive_stages: tuple[_Stage, ...] = STAGES
    global_negative_stages: tuple[_Stage, ...] = STAGES
    values: dict[str, Value] = {}
    last_runs: dict[_ShortText, dict[str, Value]] = {}
    pack: _ShortText = ""
    workflow: _ShortText = ""
    chosen_prompts: tuple[_ShortText, ...] = ()
    seed: Annotated[int, Meta(ge=RANDOM_SEED)] = RANDOM_SEED
    seeds_per_prompt: Annotated[int, Meta(ge=1, le=MOST_SEEDS)] = 1
    geometry: Annotated[str, Meta(pattern=r"^(\d{2,5}x\d{2,5}([+-]-?\d{1,5}){0,2})?$")] = ""
    cell_px: Annotated[int, Meta(ge=64, le=1024)] = 200
    # Learning Runs that stand at the end of their list, by id.
    archived_plans: tuple[str, ...] = ()
    # Where a file was last chosen; "" = nowhere yet.
    last_folder: str = ""
    welcome_done: bool = False
    guide: bool = False

    @property
    def own_engine(self) -> OwnEngine:
        """What is said about the engine that the app starts itself."""
        return OwnEngine(
            program=self.sd_server_program,
            model=self.sd_server_model,
            model_folders=self.model_folders,
            threads=self.sd_server_threads,
            memory_gb=self.sd_server_memory_gb,
        )

    def certificate_at(self, address: str) -> str:
        """The fingerprint of the certificate that the user trusts at an address, "" = none."""
        return self.certificates.get(machine_of(address), "")

    def trusting(self, address: str, fingerprint: str) -> dict[str, str]:
        """`certificates` with this one trusted at an address in place of any other; "" = none there any more.

        Raises InvalidInput for an address without https and for what is no fingerprint.
        """
        machine, usable = machine_of(address), as_fingerprint(fingerprint)
        if not machine:
            raise InvalidInput(
                f"{without_login(address)} has no certificate: it does not begin with https://.", "trust"
            )
        if fingerprint and not usable:
            raise InvalidInput(f"{fingerprint!r} is no SHA-256 fingerprint: 64 hex digits, with : or without.", "trust")
        kept = {place: known for place, known in self.certificates.items() if place != machine}
        return {**kept, machine: usable} if usable else kept

    @property
    def globals(self) -> GlobalTexts:
        """What is added to every prompt."""
        return GlobalTexts(
            positive=self.global_positive,
            negative=self.global_negative,
            positive_stages=self.global_positive_stages,
            negative_stages=self.global_negative_stages,
        )

    def __repr__(self) -> str:
        # Settings end up in logs and tracebacks; the login must not.
        backend = without_login(self.backend)
        return f"Settings(backend={backend!r}, learning={self.learning!r}, appearance={self.appearance!r}, …)"


def merged(before: Settings, mine: Settings, theirs: Settings) -> Settings:
    """The settings with all that two sides have changed since they were as `before`; of the same field, mine."""
    changed = {name: getattr(theirs, name) for name in Settings.__struct_fields__}
    return replace(mine, **{name: now for name, now in changed.items() if getattr(mine, name) == getattr(before, name)})


def without_login(address: str) -> str:
    """An address as it may be shown or logged: user and password before the last @ are masked, and what follows a "?",
    which may hold a key and is not used.
    """
    return _QUERY.sub(r"\1?•••", _LOGIN.sub(r"\1•••@", address))


def machine_of(address: str) -> str:
    """The machine of an https address, "tower:443"; "" for any other address."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(address.strip())
        return f"{parts.hostname}:{parts.port or 443}" if parts.scheme == "https" and parts.hostname else ""
    except ValueError:
        return ""


def parse_tags(text: str) -> tuple[tuple[str, str], ...]:
    """Tags as typed: "n too noisy, s too smooth". Raises InvalidInput for one that cannot be used."""
    tags: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key, _, words = part.partition(" ")
        low, words = key.lower(), words.strip()
        if len(key) != 1 or not key.isalpha() or not words:
            raise InvalidInput(f"{part!r}: write one letter, a space, and the words, for example: n too noisy", "tags")
        if low in RESERVED_TAG_KEYS or low in tags:
            raise InvalidInput(f"The letter {key} is already taken.", "tags")
        tags[low] = words
    return tuple(tags.items())


def usable_address(text: str) -> str:
    """An address as typed, made whole: "tower:7860" means http. "" when it cannot be one.

    Numbers that are no whole IPv4 address are refused: "5" would be called as 0.0.0.5, which nobody means.
    """
    address = text.strip().rstrip("/")
    if address and "://" not in address:
        address = f"http://{address}"
    from ipaddress import IPv4Address
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        if (parts.hostname or "").replace(".", "").isdigit():
            IPv4Address(parts.hostname or "")
        good = good and not any(letter.isspace() for letter in address)
    except ValueError:
        return ""
    return address if good else ""
