"""Messages about the settings: save them, saved, changed."""

from __future__ import annotations

from ...domain.config.user_settings import Settings
from .base import Event, Order


class SettingsSaved(Event, frozen=True, kw_only=True):
    """Settings are on disk."""

    settings: Settings


class SettingsChanged(Event, frozen=True, kw_only=True):
    """The settings in force changed."""

    settings: Settings


class SaveSettings(Order, frozen=True, kw_only=True):
    """Write the settings file."""

    settings: Settings
