// Films that words find, with their posters: `gjs -m titles.js blue`. In a GNOME Shell extension
// these functions are the same; nothing here blocks the drawing.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

Gio._promisify(Gio.DBusConnection.prototype, 'call');
const bus = Gio.DBus.session, NAME = 'org.msd.Msd1', PATH = '/org/msd/Msd1';

// As JSON text a page costs an extension one millisecond; as a{sv} it costs a hundred.
async function read(method, args) {
    const reply = await bus.call(NAME, PATH, `${NAME}.Json`, method,
        new GLib.Variant('(s)', [JSON.stringify(args)]), null, Gio.DBusCallFlags.NONE, -1, null);
    return JSON.parse(reply.deepUnpack()[0]);
}

async function films(words) {
    const form = {types: ['movie'], limit: 20};
    if (words)
        return (await read('Search', {text: words, options: {...form, session: 'titles'}})).hits;
    return (await read('QueryItems', {query: {...form, sort: 'title'}})).items;
}

// Calls `show` with path by id, at once with those that are there, later with the others.
function posters(ids, show) {
    const ask = async some => show((await read('GetArtworks', {ids: some, kind: 'poster', width: 160})).files);
    bus.signal_subscribe(NAME, `${NAME}.Artwork`, 'ArtworkReady', PATH, null, Gio.DBusSignalFlags.NONE,
        (...news) => ask(news.at(-1).deepUnpack()[0].filter(id => ids.includes(id))));
    return ask(ids);
}

const found = await films(System.programArgs.join(' '));
const waiting = new Map(found.map(item => [item.id, item]));
await new Promise(resolve => {
    GLib.timeout_add_seconds(GLib.PRIORITY_DEFAULT, 10, resolve);  // a server that is off sends nothing
    const show = files => {
        for (const [id, path] of Object.entries(files)) {
            const item = waiting.get(id);
            if (item && waiting.delete(id))
                print([item.title, item.year ?? '', path].join('\t'));
        }
        if (!waiting.size)
            resolve();
    };
    posters([...waiting.keys()], show).catch(logError);
});
for (const item of waiting.values())
    print([item.title, item.year ?? '', ''].join('\t'));
