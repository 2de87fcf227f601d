"""What the customer sees: their own step and their own data, large, in their own language."""

from ui.customer.window import CustomerWindow

__all__ = ["CustomerWindow"]
