// Films that words find, with their posters: `gjs -m titles.js blue`. In a GNOME Shell extension
// these functions are the same; nothing here blocks the drawing.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

Gio._promisify(Gio.DBusConnection.prototype, 'call');

// As JSON text a page costs an extension one millisecond; as a{sv} it costs a hundred.
async function read(method, args) {
    const reply = await Gio.DBus.session.call(
        'org.msd.Msd1', '/org/msd/Msd1', 'org.msd.Msd1.Json', method,
        new GLib.Variant('(s)', [JSON.stringify(args)]), null, Gio.DBusCallFlags.NONE, -1, null);
    return JSON.parse(reply.deepUnpack()[0]);
}

async function films(words) {
    const form = {types: ['movie'], limit: 20};
    const items = words
        ? (await read('Search', {text: words, options: {...form, session: 'titles'}})).hits
        : (await read('QueryItems', {query: {...form, sort: 'title'}})).items;
    const ids = items.map(item => item.id);
    const {files} = await read('GetArtworks', {ids, kind: 'poster', width: 160});
    return items.map(item => [item.title, item.year ?? '', files[item.id] ?? '']);
}

for (const film of await films(System.programArgs.join(' ')))
    print(film.join('\t'));
