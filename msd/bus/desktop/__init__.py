"""What msd asks of the desktop: the network, the keyring, notifications."""
