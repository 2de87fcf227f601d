"""The kiosk without a screen: everything an agent's device does, and nothing of Qt."""

__version__ = "0.1.0"
