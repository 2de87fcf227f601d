"""The other end of the sync: collector, authority and auditor."""
