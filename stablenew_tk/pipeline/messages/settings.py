"""Messages about the settings: save them, saved, changed."""

from __future__ import annotations

from ...domain.config.user_settings import Settings
from .base import Event, Order


class SettingsSaved(Event, frozen=True, kw_only=True):
    """Settings are on disk, with what others had changed there meanwhile."""

    settings: Settings


class SettingsChanged(Event, frozen=True, kw_only=True):
    """The settings in force changed."""

    settings: Settings


class SettingsTouched(Event, frozen=True, kw_only=True):
    """The settings file was written, by this program or another one."""


class SettingsRead(Event, frozen=True, kw_only=True):
    """What stands in the settings file now."""

    settings: Settings


class SaveSettings(Order, frozen=True, kw_only=True):
    """Write the settings file. What others have changed there since it was as `before` stays."""

    settings: Settings
    before: Settings


class ReadSettings(Order, frozen=True, kw_only=True):
    """Read the settings file; SettingsRead answers, unless it is missing or cannot be read."""
