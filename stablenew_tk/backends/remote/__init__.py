"""The backend at an address whose program is not known before it was asked. Start at `backend.Remote`."""
