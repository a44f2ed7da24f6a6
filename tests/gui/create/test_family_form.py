"""Create follows the family of the checkpoint: what suits it, what does nothing with it, and what it needs."""

from __future__ import annotations

from fake_comfyui import FakeComfyUI
from open_window import open_house

from stablenew_tk.gui.widgets.popups import Menu

MODELS = {
    "diffusion_models": ["flux1-dev.safetensors", "z_image_turbo.safetensors", "z_image.safetensors"],
    "checkpoints": ["juggernautXL_v9.safetensors"],
    "text_encoders": ["clip_l.safetensors", "t5xxl_fp16.safetensors", "qwen_3_4b.safetensors"],
    "vae": ["ae.safetensors"],
}


def can_be_typed(page, path):
    return str(page.field(path).editor.field.cget("state")) == "normal"


def test_the_form_follows_the_family_of_the_checkpoint(tmp_path):
    with FakeComfyUI() as fake:
        fake.files |= MODELS
        with open_house(tmp_path, backend=fake.url) as house:
            page = house.page("create")
            offered = lambda: house.controller.capabilities  # noqa: E731
            house.until(lambda: offered() is not None and "flux1-dev" in offered().checkpoints)

            def choose(name):
                page.change("checkpoint", name)
                house.frame.update()
                first = page.resolved.config.txt2img
                return first.steps, first.cfg_scale, first.guidance, first.width

            guidance, txt2img = page.field("txt2img.guidance").editor, page.sections[0]
            txt2img.unfold()
            assert choose("juggernautXL_v9") == (25, 7, 0, 1024)
            assert not guidance.winfo_viewable(), "what does nothing with it is folded away"
            assert choose("flux1-dev") == (20, 1, 3.5, 1024)
            house.until(lambda: house.window.top.checkpoint.text == "flux1-dev")  # no event tells of it
            assert guidance.winfo_viewable()
            txt2img.rarer.invoke()
            page.change("txt2img.steps", 21)
            house.frame.update()
            assert not guidance.winfo_viewable(), "who has closed it is left alone"
            page.change("txt2img.steps", None)
            assert page.resolved.words["txt2img.guidance"] == "family"
            assert [row.name for row in page.form.values.why("txt2img.guidance") if row.wins] == ["Family"]
            assert (can_be_typed(page, "txt2img.guidance"), can_be_typed(page, "clip_skip")) == (True, False)
            assert page.encoders.winfo_ismapped()
            assert choose("z_image_turbo") == (8, 1, 0, 1024)
            assert not can_be_typed(page, "txt2img.guidance")
            assert "Z-Image" in page.field("txt2img.guidance").idle
            assert can_be_typed(page, "txt2img.shift")
            page.packs.show_side("negative")
            house.until(lambda: house.says("A negative prompt does nothing at CFG 1."))
            page.change("txt2img.cfg_scale", 3.0)
            house.until(lambda: not house.says("A negative prompt does nothing at CFG 1."))
            page.change("txt2img.cfg_scale", None)
            # The menu of sizes follows the family; what was chosen there stays with the next checkpoint.
            menu, height = page.field("txt2img.height").sizes, page.field("txt2img.height").editor.field
            assert (1536, 1024) in menu.sizes
            assert (1024, 1536) in menu.sizes
            height.focus_force()
            house.frame.update()
            height.event_generate("<Alt-Down>")
            popup = Menu.shared()
            house.until(lambda: popup.is_open)
            assert [entry.text for entry in popup.shown][:2] == ["1024 × 1024", "1152 × 896"]
            popup.canvas.event_generate("<Down>")
            popup.canvas.event_generate("<Return>")
            size = lambda: (page.resolved.config.txt2img.width, page.resolved.config.txt2img.height)  # noqa: E731
            house.until(lambda: size() == (1152, 896))
            assert page.resolved.origins["txt2img.height"] == "user"
            choose("juggernautXL_v9")
            assert (1536, 1024) not in menu.sizes
            assert (640, 1536) in menu.sizes
            assert size() == (1152, 896)
            page.change("txt2img.width", None)
            page.change("txt2img.height", None)
            # Nothing tells whether this one is distilled: it is asked, and the engine's own values stay.
            assert choose("z_image") == (20, 7, 0, 1024)
            house.until(lambda: house.says("Nothing tells whether it is Z-Image Turbo or base"))
            assert choose("juggernautXL_v9") == (25, 7, 0, 1024)
            assert (can_be_typed(page, "clip_skip"), can_be_typed(page, "txt2img.shift")) == (True, False)
            assert not page.encoders.winfo_ismapped()
