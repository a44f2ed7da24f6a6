"""What the files beside the checkpoint recommend, for pictures made from the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ..domain.base.errors import StorageError
from ..domain.config.catalogue import Value
from ..domain.models.precedence import Source, recommended
from ..domain.models.recommendations import usable
from ..storage.models.index import settings_of
from ..storage.models.library import Library
from ..storage.models.name_lookup import LibraryNames
from ..storage.models.profile_reader import load_styles
from .session import Session
from .terminal import err, out


def recommended_by_files(session: Session, said: Mapping[str, Value], *, quiet: bool) -> tuple[Source, ...]:
    """The profile and the style of the checkpoint in `said`, else of the one the backend has loaded.

    Nothing without model folders in the settings, or when the checkpoint is in none of them. Blocks while they are
    looked through.
    """
    settings, places = session.controller.settings, session.controller.places
    if not settings.model_folders:
        return ()
    found = session.check().capabilities
    name = str(said.get("checkpoint", "")) or (found.loaded_checkpoint if found is not None else "")
    if found is None or not name:
        return ()
    styles, problems = load_styles(places.styles)
    folders = [Path(folder).expanduser() for folder in settings.model_folders if folder.strip()]
    library = Library(folders, styles, places.model_index)
    library.scan(in_full=False)
    entry = LibraryNames(library.snapshot.entries).find(name)
    if entry is not None and not entry.is_read:
        library.read_first(entry.path)
        entry = LibraryNames(library.work(0.0).snapshot.entries).find(name)
    # Only the next look is slower when it cannot be kept.
    with suppress(StorageError, OSError):
        library.save()
    if entry is None:
        return ()
    recommends = usable(settings_of(entry, styles), styles, found.choices, checkpoint=name)
    for sentence in (*problems, *entry.problems, *recommends.notices):
        err.print(sentence, markup=False)
    if recommends.values and not quiet:
        out.print(f"Settings of {entry.stem}: {', '.join(entry.sources)}", markup=False)
    return recommended(recommends.values, {})
