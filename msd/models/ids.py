"""Ids and units: types of their own, so that one can't be taken for another."""

from typing import NewType

SourceId = NewType("SourceId", str)
AccountId = NewType("AccountId", str)
LibraryId = NewType("LibraryId", str)
ItemId = NewType("ItemId", str)
RemoteId = NewType("RemoteId", str)  # the server's own id of a library or an item
BackendKind = NewType("BackendKind", str)  # the name of a folder under msd/backends
JobId = NewType("JobId", int)
LoginId = NewType("LoginId", int)

UnixSeconds = NewType("UnixSeconds", int)
Milliseconds = NewType("Milliseconds", int)

NEVER = UnixSeconds(0)  # also: not known
NO_TIME = Milliseconds(0)
