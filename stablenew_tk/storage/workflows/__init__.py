"""The files of the user's own workflows of ComfyUI: read, listed, added."""
