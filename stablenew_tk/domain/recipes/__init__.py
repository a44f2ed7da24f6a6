"""The prompt and settings inside pictures of A1111, ComfyUI and other tools. The door is `reader.recipe_from`."""
