"""The encrypted store: one SQLCipher file per device. SQLAlchemy lives here and nowhere else."""
