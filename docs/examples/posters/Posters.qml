// The page of posters.py: `msd.read` is a call, `msd.ready` is the signal ArtworkReady.
import QtQuick
import QtQuick.Controls.Basic

ApplicationWindow {
    id: page; visible: true; width: 900; height: 700; title: "msd"
    property var types: ["movie"]; property string cursor: ""
    Component.onCompleted: show("", "")

    function call(method, args, then) {
        msd.read(method, JSON.stringify(args), text => then(JSON.parse(text)))
    }
    function show(words, cursor) {
        page.cursor = ""  // one page at a time
        const fill = answer => {
            if (words !== search.text) return  // something else was typed meanwhile
            if (!cursor) cards.clear()
            const items = answer.items ?? answer.hits
            for (const {id, title} of items)
                cards.append({itemId: id, title, poster: ""})
            page.cursor = answer.next_cursor ?? ""
            ask(items.map(item => item.id))
        }
        if (words) call("Search", {text: words, options: {types, session: "page"}}, fill)
        else call("QueryItems", {query: {types, cursor}}, fill)
    }
    function ask(ids) {  // shows the posters that are there; the others are announced by `ready`
        call("GetArtworks", {ids, kind: "poster", width: 160}, ({files}) => {
            for (let at = 0; at < cards.count; at++) {
                const path = files[cards.get(at).itemId]
                if (path) cards.setProperty(at, "poster", "file://" + encodeURI(path))
            }
        })
    }
    Connections { target: msd; function onReady(ids) { page.ask(ids) } }

    header: TextField { id: search; placeholderText: "Search"; onTextChanged: page.show(text, "") }
    ListModel { id: cards }
    GridView {
        anchors.fill: parent
        model: cards; cellWidth: width / Math.floor(width / 160); cellHeight: cellWidth * 3 / 2
        onAtYEndChanged: if (atYEnd && page.cursor) page.show("", page.cursor)
        delegate: Rectangle {  // the title, and the poster over it once it is there
            required property string title
            required property string poster
            width: GridView.view.cellWidth - 8; height: GridView.view.cellHeight - 8
            color: palette.mid
            Label { anchors.fill: parent; padding: 8; text: title; wrapMode: Text.Wrap }
            Image { anchors.fill: parent; source: poster; fillMode: Image.PreserveAspectCrop }
        }
    }
}
