"""The auditor: opens records with keys the collector never sees, and verifies whole histories."""
