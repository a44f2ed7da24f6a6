"""WebUIs of the A1111 family over HTTP. The door is `backend.WebUI`."""
