"""msdctl: the command-line client of msd, a D-Bus client like any other frontend."""
