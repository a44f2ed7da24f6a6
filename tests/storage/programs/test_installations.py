"""What is installed on this computer is found by the folders it consists of."""

from __future__ import annotations

import contextlib
from pathlib import Path

from stablenew_tk.domain.config.engines import Installation
from stablenew_tk.storage.programs.installations import find_installations, usual_places


def test_webuis_comfyui_and_shared_model_folders_are_found_each_once(tmp_path):
    home = tmp_path / "home"
    for folder in (
        "stable-diffusion-webui/models/Stable-diffusion",
        "AI/ComfyUI_windows_portable/ComfyUI/comfy",
        "AI/ComfyUI_windows_portable/ComfyUI/models/checkpoints",
        "Documents/StabilityMatrix/StableDiffusion",
        "Documents/StabilityMatrix/Lora",
        "Documents/holiday/models/checkpoints",
        ".hidden/models/Stable-diffusion",
    ):
        (home / folder).mkdir(parents=True)
    with contextlib.suppress(OSError):  # on Windows only some may
        (home / "src").symlink_to(home / "AI")
    (home / "apps").write_text("a file where a folder may be")
    webui, comfy = home / "stable-diffusion-webui", home / "AI" / "ComfyUI_windows_portable" / "ComfyUI"
    shared = home / "Documents" / "StabilityMatrix"
    assert set(find_installations((home, *(home / name for name in ("Documents", "AI", "src", "apps"))), home)) == {
        Installation("WebUI", str(webui / "models"), str(Path("~/stable-diffusion-webui"))),
        Installation("ComfyUI", str(comfy / "models"), str(Path("~/AI/ComfyUI_windows_portable/ComfyUI"))),
        Installation("", str(shared), str(Path("~/Documents/StabilityMatrix"))),
    }
    assert home in usual_places(home)


def test_where_nothing_is_installed_nothing_is_found(tmp_path):
    assert find_installations((tmp_path / "nowhere", tmp_path), tmp_path) == ()
