"""Commands of ``visavis-central`` that need more room than a line of its main module."""
