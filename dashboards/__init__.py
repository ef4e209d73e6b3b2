"""What people see. Reads published files and `pacific_parcels.settings`, nothing else."""
