"""Engines that make pictures: the built-in sketch engine and WebUIs. All implement the protocol `base.Backend`."""
