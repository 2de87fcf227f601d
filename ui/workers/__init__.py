"""The only threads of the screen: service calls one after the other, and the camera."""
