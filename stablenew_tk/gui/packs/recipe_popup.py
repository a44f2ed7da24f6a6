"""The recipe of a picture: tool, prompt and settings, with buttons for what can be done with them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from ...app.packs.wording import settings_words, shortened
from ...domain.base.colour_roles import Role
from ...domain.base.wording import counted
from ...domain.recipes.recipe import Recipe
from ...pipeline.messages.pictures import RecipeRead
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator, Sign
from ..widgets.notices import Action
from ..widgets.popups import Popup

_WIDTH = 460
_NOTICES = 5


class RecipePopup(Popup):
    """Shows one picture's recipe; a button does what it says and closes the window."""

    def open(self, anchor: tk.Misc, event: RecipeRead, actions: Sequence[Action]) -> None:
        """Show it under `anchor`; without a recipe the sentence why there is none."""
        self._empty()
        self.body.configure(width=theme.px(_WIDTH))
        head = Box(self.body)
        head.pack(fill="x", padx=(theme.px(16), theme.px(6)), pady=theme.px(6))
        recipe = event.recipe
        Sign(head, "image", ink="text2").pack(side="left", padx=(0, theme.px(8)))
        close = Button(head, "", self.close, kind="quiet", icon="cross", height=24)
        close.pack(side="right")
        name = theme.elide(event.path.name, theme.font(15, True), theme.px(_WIDTH - 100))
        Label(head, name, size=15, bold=True).pack(side="left")
        Separator(self.body).pack(fill="x")
        first: tk.Misc | None = None
        if recipe is not None:
            first = self._show_recipe(recipe, actions)
        else:
            self._show_nothing(event)
        self._fit(anchor, first or close, theme.px(_WIDTH))

    def _show_recipe(self, recipe: Recipe, actions: Sequence[Action]) -> tk.Misc | None:
        self._line("Made with", recipe.tool)
        self._line("Prompt", shortened(recipe.prompt) or "none")
        if recipe.negative:
            self._line("Negative", shortened(recipe.negative))
        if recipe.values or recipe.seed is not None:
            self._line("Settings", settings_words(recipe))
        if recipe.notices:
            Separator(self.body).pack(fill="x", pady=(theme.px(8), 0))
            self._words("\n".join(recipe.notices[:_NOTICES]))
            if (more := len(recipe.notices) - _NOTICES) > 0:
                self._words(f"{counted(more, 'more note')}: stablenew packs from-image prints all.")
        foot = Box(self.body)
        foot.pack(fill="x", padx=theme.px(10), pady=theme.px(10))
        buttons = [Button(foot, words, self._closing(action), height=theme.SMALL) for words, action in actions]
        for button in buttons:
            button.pack(anchor="w")
        return buttons[0] if buttons else None

    def _show_nothing(self, event: RecipeRead) -> None:
        self._words(event.problem or "Nothing in this picture says how it was made.", "text")
        Box(self.body, height=theme.px(8)).pack()

    def _line(self, caption: str, text: str) -> None:
        row = Box(self.body)
        row.pack(fill="x", padx=theme.px(16), pady=(theme.px(8), 0))
        Label(row, caption, size=12, ink="text3").place(x=0, y=0)
        words = Label(row, text, size=12)
        words.configure(wraplength=theme.px(_WIDTH - 32 - 76))
        words.pack(anchor="w", padx=(theme.px(76), 0))

    def _words(self, text: str, ink: Role = "text3") -> None:
        words = Label(self.body, text, size=12, ink=ink)
        words.configure(wraplength=theme.px(_WIDTH - 32))
        words.pack(anchor="w", padx=theme.px(16), pady=(theme.px(8), 0))
