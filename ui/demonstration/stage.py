"""What lies under the counter's camera: shared by the panel and the automatic agent.

One camera for the whole demonstration; the counter opens and closes it as it likes.
"""

from kiosk.devices.specimen_camera import SpecimenCamera
from kiosk.devices.specimen_scene import Conditions
from kiosk.devices.specimens import Specimen, load_specimens
from kiosk.domain.evidence import Side
from kiosk.paths import RESOURCES
from kiosk.ports import FrameSource

CONDITIONS = {
    "fair": Conditions(),
    "glare": Conditions(glare=0.9),
    "dim": Conditions(light=0.25),
    "blurred": Conditions(blur_sigma_px=4.0),
}
"""What the panel offers, by the key of its text."""


class Stage:
    """Specimens, and the camera that shows them."""

    def __init__(self, *, fps: float = 30.0, seed: int = 7) -> None:
        self.specimens: dict[str, Specimen] = load_specimens(RESOURCES / "specimens")
        self.camera = SpecimenCamera(self.specimens, seed=seed, fps=fps)

    def open_camera(self) -> FrameSource:
        """The one camera, for the counter."""
        return self.camera

    def lay(self, specimen_id: str, side: Side) -> None:
        """Lay a side of a specimen under the camera."""
        self.camera.show(specimen_id, side)

    def hold_code(self, png: bytes) -> None:
        """Hold a telephone with this code under the camera."""
        self.camera.show(None, code=png)

    def clear(self) -> None:
        """An empty desk."""
        self.camera.show(None)

    @property
    def empty(self) -> bool:
        """Whether what was taken away has left the picture."""
        return self.camera.empty

    def light(self, name: str) -> None:
        """One of :data:`CONDITIONS`."""
        self.camera.set_conditions(CONDITIONS[name])
