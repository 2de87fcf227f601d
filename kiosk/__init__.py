"""The kiosk without a screen: everything an agent's device does, and nothing of Qt."""
