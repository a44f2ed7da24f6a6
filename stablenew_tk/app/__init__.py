"""The state of the app on the main thread, without a window. The door is `controller.Controller`."""
