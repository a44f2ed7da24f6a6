"""Engine of the app's own: an sd-server program (stable-diffusion.cpp) that runs as a child of this one."""
