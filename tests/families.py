"""The families that ship, as tests of pure values need them."""

from __future__ import annotations

from pathlib import Path

from stablenew_tk.domain.models.families import FamilyCatalogue
from stablenew_tk.domain.models.family_reader import read_families

ASSET = Path(__file__).parent.parent / "assets" / "families.json"
SHIPPED, PROBLEMS = read_families(ASSET.read_bytes(), "families.json", FamilyCatalogue())
