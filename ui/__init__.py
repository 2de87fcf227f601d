"""Everything with a screen: Qt lives here and nowhere else."""
