"""The backend for WebUIs of the A1111 family (A1111, Forge, SD.Next …) over HTTP. Start at `backend.WebUI`."""
