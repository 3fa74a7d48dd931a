"""Paper 2: covariate shift between associated and unassociated Fermi-LAT sources."""
