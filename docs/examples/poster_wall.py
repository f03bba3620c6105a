#!/usr/bin/python3
"""A poster wall: every film that msd knows, with its picture (GTK 4, needs python3-gi).

poster_wall.py [TYPE]        movie (default), show, album, …
"""

import json
import sys

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import Gio, GLib, Gtk  # noqa: E402

BUS_NAME, PATH = "org.msd.Msd1", "/org/msd/Msd1"
PAGE, WIDTH = 200, 160


class PosterWall(Gtk.Application):
    """One window; pages are read as it starts, pictures come as msd has them."""

    def __init__(self, item_type: str) -> None:
        super().__init__(application_id="org.msd.example.PosterWall")
        self.item_type = item_type
        self.pictures: dict[str, Gtk.Picture] = {}
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        self.wall = Gtk.FlowBox(valign=Gtk.Align.START, selection_mode=Gtk.SelectionMode.NONE)

    def do_activate(self) -> None:
        window = Gtk.ApplicationWindow(application=self, title="msd", default_width=900)
        window.set_default_size(900, 700)
        window.set_child(Gtk.ScrolledWindow(child=self.wall))
        window.present()
        self.bus.signal_subscribe(
            BUS_NAME, "org.msd.Msd1.Artwork", "ArtworkReady", PATH, None, 0, self.on_ready
        )
        self.read_page("")

    def call(self, interface, method, arguments, then) -> None:
        def done(bus, result) -> None:
            try:
                then(*bus.call_finish(result).unpack())
            except GLib.Error as error:
                print(error.message, file=sys.stderr)

        flags = Gio.DBusCallFlags.NONE
        target = (BUS_NAME, PATH, f"org.msd.Msd1.{interface}")
        self.bus.call(*target, method, arguments, None, flags, -1, None, done)

    def read_page(self, cursor: str) -> None:
        query = {"types": [self.item_type], "limit": PAGE, "sort": "title", "cursor": cursor}
        arguments = GLib.Variant("(s)", (json.dumps({"query": query}),))
        self.call("Json", "QueryItems", arguments, self.on_page)

    def on_page(self, text: str) -> None:
        page = json.loads(text)
        for item in page["items"]:
            picture = Gtk.Picture(content_fit=Gtk.ContentFit.COVER)
            picture.set_size_request(WIDTH, WIDTH * 3 // 2)
            label = Gtk.Label(label=item["title"], ellipsize=3, max_width_chars=16)
            card = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=4)
            card.append(picture)
            card.append(label)
            self.wall.append(card)
            self.pictures[item["id"]] = picture
        self.ask([item["id"] for item in page["items"]])
        if page["next_cursor"]:
            self.read_page(page["next_cursor"])

    def ask(self, ids: list[str]) -> None:
        """Show what is there; what is missing is announced by ArtworkReady."""
        arguments = GLib.Variant("(assua{sv})", (ids, "poster", WIDTH, {}))
        self.call("Artwork", "GetArtworks", arguments, self.on_files)

    def on_files(self, files: dict[str, str]) -> None:
        for item_id, path in files.items():
            if path:
                self.pictures[item_id].set_filename(path)

    def on_ready(self, _bus, _sender, _path, _interface, _signal, arguments) -> None:
        ids, kind, _width = arguments.unpack()
        if kind == "poster":
            self.ask([item_id for item_id in ids if item_id in self.pictures])


if __name__ == "__main__":
    PosterWall(sys.argv[1] if len(sys.argv) > 1 else "movie").run(None)
