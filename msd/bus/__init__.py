"""The D-Bus face of msd: the only code that speaks to a bus library, `msdctl` aside."""
