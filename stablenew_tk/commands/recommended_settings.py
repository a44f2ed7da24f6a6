"""What the files beside the checkpoint recommend, for pictures made from the terminal."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from ..domain.base.errors import StorageError
from ..domain.models.recommendations import usable
from ..domain.models.value_sources import ValueSources
from ..storage.models.index import settings_of
from ..storage.models.library import Library
from ..storage.models.name_lookup import LibraryNames
from ..storage.models.profile_reader import load_styles
from .session import Session
from .terminal import err, out


def with_recommended(session: Session, sources: ValueSources, *, quiet: bool) -> ValueSources:
    """The sources with what the files beside their checkpoint recommend, else the one that the backend has loaded.

    As they are without model folders in the settings, or when the checkpoint is in none of them. Blocks while the
    folders are read.
    """
    settings, places = session.controller.settings, session.controller.places
    if not settings.model_folders:
        return sources
    found = session.check().capabilities
    if found is None:
        return sources
    sources = replace(sources, loaded=found.loaded_checkpoint)
    name = sources.checkpoint
    if not name:
        return sources
    styles, problems = load_styles(places.styles)
    folders = [Path(folder).expanduser() for folder in settings.model_folders if folder.strip()]
    library = Library(folders, styles, places.model_index)
    library.scan(in_full=False)
    entry = LibraryNames(library.snapshot.entries).find(name)
    if entry is not None and not entry.is_read:
        library.read_first(entry.path)
        entry = LibraryNames(library.work(0.0).snapshot.entries).find(name)
    # Only the next scan is slower when it cannot be kept.
    with suppress(StorageError, OSError):
        library.save()
    if entry is None:
        return sources
    model = settings_of(entry, styles)
    recommends = usable(model, styles, found.choices, checkpoint=name)
    for sentence in (*problems, *entry.problems, *recommends.notices):
        err.print(sentence, markup=False)
    if recommends.values and not quiet:
        out.print(f"Settings of {entry.stem}: {', '.join(entry.sources)}", markup=False)
    return replace(sources, model=model, usable=recommends)
