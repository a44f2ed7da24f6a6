"""WebUIs of the A1111 family over HTTP. Start at `backend.WebUI`."""
