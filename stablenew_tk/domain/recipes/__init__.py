"""The prompt and settings inside pictures of A1111, ComfyUI and other tools. Start at `reader.recipe_from`."""
