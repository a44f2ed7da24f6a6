"""Engines that make pictures, all behind one contract (base.Backend)."""
