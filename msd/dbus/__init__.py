"""A D-Bus library on top of dbus-next or dbus-fast; it knows nothing of msd."""
