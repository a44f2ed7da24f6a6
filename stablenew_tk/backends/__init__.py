"""Engines that make pictures. All keep the contract `base.Backend`."""
