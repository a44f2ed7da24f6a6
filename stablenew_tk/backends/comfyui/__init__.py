"""The backend for ComfyUI. `graphs` says what a server is asked, `words` how it reads a prompt; both know no socket."""
