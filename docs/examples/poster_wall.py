#!/usr/bin/python3
"""A poster wall with search as you type (GTK 4, needs python3-gi): poster_wall.py [TYPE]."""

import json
import sys
from functools import partial

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import Gio, GLib, GObject, Gtk  # noqa: E402

BUS_NAME, PATH = "org.msd.Msd1", "/org/msd/Msd1"
FORM = {"types": sys.argv[1:] or ["movie"], "limit": 100}  # or show, album, …
WIDTH, SYNC = 160, GObject.BindingFlags.SYNC_CREATE


class Item(GObject.Object):
    title = GObject.Property(type=str)
    poster = GObject.Property(type=Gio.File)


# A frame with the title, and the poster over it once it is there.
class Card(Gtk.Frame):
    def __init__(self) -> None:
        self.title = Gtk.Label(wrap=True, max_width_chars=12, height_request=WIDTH * 3 // 2)
        self.poster = Gtk.Picture(content_fit=Gtk.ContentFit.COVER)
        super().__init__(child=Gtk.Overlay(child=self.title), width_request=WIDTH)
        self.get_child().add_overlay(self.poster)

    def bind(self, item: Item) -> None:
        self.title.set_label(item.title)
        self.binding = item.bind_property("poster", self.poster, "file", SYNC)


# One window; the next page is read at the end of the last, posters come as msd has them.
class PosterWall(Gtk.Application):
    def do_activate(self) -> None:
        self.items, self.store = {}, Gio.ListStore(item_type=Item)
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        cards = Gtk.SignalListItemFactory()
        cards.connect("setup", lambda _, cell: cell.set_child(Card()))
        cards.connect("bind", lambda _, cell: cell.get_child().bind(cell.get_item()))
        cards.connect("unbind", lambda _, cell: cell.get_child().binding.unbind())
        grid = Gtk.GridView(model=Gtk.NoSelection(model=self.store), factory=cards, max_columns=20)
        wall = Gtk.ScrolledWindow(child=grid)
        wall.connect("edge-reached", lambda *_: self.cursor and self.show("", self.cursor))
        search = Gtk.SearchEntry(placeholder_text="Search")
        search.connect("search-changed", lambda entry: self.show(entry.get_text()))
        window = Gtk.ApplicationWindow(application=self, default_width=900, default_height=700)
        window.set_properties(titlebar=Gtk.HeaderBar(title_widget=search), child=wall)
        window.present()
        news = (BUS_NAME, "org.msd.Msd1.Artwork", "ArtworkReady", PATH, None, 0)
        self.bus.signal_subscribe(*news, lambda *args: self.ask(args[-1].unpack()[0]))
        self.show("")

    def call(self, method: str, then, **arguments) -> None:
        """Call a method of the Json interface; `then` gets the answer."""

        def done(bus, result) -> None:
            try:
                then(json.loads(bus.call_finish(result).unpack()[0]))
            except GLib.Error as error:  # "Superseded" when a newer search took the place of this
                print(error.message, file=sys.stderr)

        text = GLib.Variant("(s)", (json.dumps(arguments),))
        self.bus.call(BUS_NAME, PATH, "org.msd.Msd1.Json", method, text, None, 0, -1, None, done)

    def show(self, words: str, cursor: str = "") -> None:
        """Show what the words find, or without words a page of everything."""
        self.words, self.cursor = words, ""
        then = partial(self.fill, words, len(self.store) if cursor else 0)
        if words:
            self.call("Search", then, text=words, options={**FORM, "session": "wall"})
        else:
            self.call("QueryItems", then, query={**FORM, "cursor": cursor})

    def fill(self, words: str, at: int, answer: dict) -> None:
        """Show the items of an answer in the place of all from number `at` on."""
        if words != self.words:
            return  # something else was typed meanwhile
        rows = answer["hits" if words else "items"]
        added = {row["id"]: Item(title=row["title"]) for row in rows}
        self.items = {**self.items, **added} if at else added
        self.cursor = answer.get("next_cursor", "")
        self.store.splice(at, len(self.store) - at, [*added.values()])
        self.ask([*added])

    def ask(self, ids: list[str]) -> None:
        """Show the posters that are there; ArtworkReady announces the others."""
        shown = [item_id for item_id in ids if item_id in self.items]
        self.call("GetArtworks", self.on_files, ids=shown, kind="poster", width=WIDTH)

    def on_files(self, answer: dict) -> None:
        for item_id, path in answer["files"].items():
            if path and item_id in self.items:
                self.items[item_id].poster = Gio.File.new_for_path(path)


PosterWall(application_id="org.msd.example.PosterWall").run(None)
