"""What the hasher's thread does: compute the hashes of model files, by which pictures and WebUIs name them.

A file of several GB takes up to a minute, so this waits behind nothing and nothing waits behind it. What was computed
is kept, and computed again only when the file changes.
"""

from __future__ import annotations

import logging
from pathlib import Path

from ..domain.errors import Cancelled, InvalidInput, StorageError
from ..domain.priors import Hashes
from ..storage.model_hashes import HashCache, hash_file
from .events import ModelHashed
from .orders import HashModel, Order

log = logging.getLogger(__name__)


class Hasher:
    """Performs HashModel, on one thread; `stop` may be called by any."""

    def __init__(self, cache_file: Path) -> None:
        self._cache_file = cache_file
        self._cache: HashCache | None = None
        self._stopped = False

    def stop(self) -> None:
        """Leave the file that is being read."""
        self._stopped = True

    def perform(self, order: Order) -> ModelHashed | None:
        """The hashes of one file; None when it is larger than the order allows, or `stop` came between."""
        if not isinstance(order, HashModel):
            raise InvalidInput(f"The hasher does not know the order {type(order).__name__}.")
        path = Path(order.path)
        try:
            if order.largest and path.stat().st_size > order.largest:
                return None
            return ModelHashed(path=order.path, hashes=self._hashes(path))
        except Cancelled:
            return None
        except (StorageError, OSError) as error:
            return ModelHashed(path=order.path, hashes=None, problem=str(error))

    def _hashes(self, path: Path) -> Hashes:
        if self._cache is None:
            self._cache = HashCache(self._cache_file)
        status = path.stat()
        known = self._cache.get(path, status)
        if known is None:
            known = hash_file(path, cancelled=lambda: self._stopped)
            self._cache.put(path, status, known)
            self._save(self._cache)
        return known

    def _save(self, cache: HashCache) -> None:
        try:
            self._cache_file.parent.mkdir(parents=True, exist_ok=True)
            cache.save()
        except (StorageError, OSError) as error:
            # Only the next start has to read the file once more.
            log.warning("the hashes of models were not saved: %s", error)
