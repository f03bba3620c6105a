"""What is shown to the user on the desktop."""

from msgspec import Struct


class Notice(Struct, frozen=True, kw_only=True):
    """One notification; another with the same key replaces it."""

    key: str
    summary: str  # one line
    body: str  # one sentence
    action: str = ""  # the word that comes back when its button is pressed; "" = no button
    label: str = ""  # what the button says
