"""Names of the logs that both ends sign."""

from kiosk.domain.ids import DeviceId


def device_origin(collector_origin: str, device_id: DeviceId) -> str:
    """Origin of a device's journal: ``<collector>/device/<id>``."""
    return f"{collector_origin}/device/{device_id}"
