"""Names that D-Bus itself defines, as far as msdctl needs them."""

FREEDESKTOP = "org.freedesktop.DBus"
FREEDESKTOP_PATH = "/org/freedesktop/DBus"
PEER = "org.freedesktop.DBus.Peer"
PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
