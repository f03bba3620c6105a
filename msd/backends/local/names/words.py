"""The vocabulary of file names: words of releases, languages, editions and seasons.

A word in `STRONG` ends a title wherever it stands ("1080p", "BluRay"). A word in `WEAK` also
occurs in titles ("Limited", "German"), so it only counts beside a strong word or after a year.
"""

import re

_STRONG_WORDS = """
    4k 8k uhd hdtv hdtvrip pdtv dsr dsrip dvbrip satrip tvrip webrip webdl webhd web-dl
    web-rip bluray blu-ray bdrip brrip bdremux bd25 bd50 bdmv dvdrip dvdscr dvdr dvd5 dvd9
    dvd-r hdrip hddvd hdcam hdts telesync telecine vhsrip x264 x265 h264 h265 x.264 hevc avc
    xvid divx av1 vp9 mpeg2 aac aac2 aac5 ac3 eac3 dd5 dd2 ddp ddp5 ddp2 dts dts-hd dtshd
    truehd 10bit 8bit hi10p hi10 ma10p hdr10 hdr10+ sdr hsbs half-sbs hou half-ou sbs amzn
    dsnp hmax atvp fullhd bdrip10 webrip10 ddp51 dd51 aac20 webdlrip
"""
STRONG = frozenset(_STRONG_WORDS.split())
_WEAK_WORDS = """
    web dvd bd hd sd fhd cam ts tc scr hdr dv dovi imax multi dual dl ml audio subbed dubbed
    dub sub subs hardsub softsub hardcoded hc proper repack rerip internal limited readnfo
    nfofix nfo festival complete ntsc pal remux atmos flac opus mp3 nf 3d r5 unrated uncut
    extended remastered restored theatrical retail custom read line vff vf vo vost vostfr
    truefrench subfrench swesub nordic nlsubs german french english italian spanish castellano
    latino ita eng ger deu fra fre esp spa por ptbr rus jpn jap kor chi nl pl cz hun danish
    swedish norwegian finnish dutch polish russian japanese korean chinese hindi turkish
    portuguese greek hebrew arabic thai czech hungarian ukrainian romanian bulgarian videomann
    encoded criterion collection edition v0 v2 v3 v4
"""
WEAK = frozenset(_WEAK_WORDS.split())
RESOLUTION = re.compile(r"^(?:\d{3,4}[pi](?:\d\d)?|\d{3,4}x\d{3,4})$")

_EDITIONS = (
    (r"(?:the[ ._-]*)?director'?s[ ._-]*cut", "Director's Cut"),
    (r"(?:extended|ext)[ ._-]*(?:cut|edition|version)|extended", "Extended"),
    (r"theatrical(?:[ ._-]*(?:cut|edition|version|release))?", "Theatrical"),
    (r"(?:the[ ._-]*)?final[ ._-]*cut", "Final Cut"),
    (r"unrated(?:[ ._-]*(?:cut|edition|version))?", "Unrated"),
    (r"uncut|uncensored", "Uncut"),
    (r"special[ ._-]*edition", "Special Edition"),
    (r"ultimate[ ._-]*(?:cut|edition)", "Ultimate Edition"),
    (r"collector'?s[ ._-]*edition", "Collector's Edition"),
    (r"(?:\d{1,3}th[ ._-]*)?anniversary[ ._-]*edition", "Anniversary Edition"),
    (r"remastered", "Remastered"),
    (r"criterion(?:[ ._-]*(?:collection|edition))?", "Criterion"),
    (r"(?:imax)(?:[ ._-]*edition)?", "IMAX"),
    (r"open[ ._-]*matte", "Open Matte"),
    (r"redux", "Redux"),
    (r"despeciali[sz]ed(?:[ ._-]*edition)?", "Despecialized"),
    (r"rogue[ ._-]*cut", "Rogue Cut"),
    (r"black[ ._-]*(?:and|&)[ ._-]*white|b&w|noir[ ._-]*edition", "Black and White"),
    (r"fan[ ._-]*edit", "Fan Edit"),
    (r"producer'?s[ ._-]*cut", "Producer's Cut"),
    (r"international[ ._-]*cut", "International Cut"),
    (r"alternate[ ._-]*cut", "Alternate Cut"),
)
EDITION = re.compile(
    r"(?<![^\W_])(?:"
    + "|".join(f"(?P<e{number}>{form})" for number, (form, _name) in enumerate(_EDITIONS))
    + r")(?![^\W_])",
    re.IGNORECASE,
)
EDITION_NAMES = {f"e{number}": name for number, (_form, name) in enumerate(_EDITIONS)}
# Titles that consist of such words ("Extended" is none, "The Final Cut" is a film of 2004).
EDITION_AND_TITLE = frozenset({"Final Cut", "Redux", "IMAX", "Uncut", "Unrated"})

SEASON_WORD = (
    r"(?:season|series|staffel|saison|temporada|temporades|stagione|seizoen|säsong|sasong|sæson|"
    r"sesong|kausi|tuotantokausi|sezon|sezona|sezóna|série|serie|séria|séria|seria|évad|evad|"
    r"sezonul|sezonas|hooaeg|сезон|сезона|сезони|σεζόν|κύκλος|sezonu|musim|mùa|phần|denboraldia|"
    r"tymor|series?|시즌|シーズン|الموسم|موسم|עונה|ฤดูกาล|ซีซั่น|सीज़न)"
)
EPISODE_WORD = (
    r"(?:episodes?|episodio|episódio|épisode|épisodio|ep|eps|folge|teil|chapter|chapitre|kapitel|"
    r"capitulo|capítulo|cap|avsnitt|jakso|afsnit|aflevering|odcinek|odc|epizoda|epizód|díl|rész|"
    r"bölüm|episod|серия|эпизод|выпуск|επεισόδιο|tập|часть)"
)
_SPECIALS_WORDS = """
    special specials spezial spezials especial especiales especiais speciale speciali spéciaux
    hors-saison ova ovas oad oads sp sps specialer specialavsnitt erikoisjaksot специальные
    спецвыпуски спецвыпуск extras-specials 特别篇 特典
"""
SPECIALS = frozenset(_SPECIALS_WORDS.split())
# Folders that hold what somebody got, not what belongs together.
_HEAP_WORDS = """
    download downloads downloaded complete completed incomplete done finished torrent torrents
    seeding usenet nzb nzbget sabnzbd transmission qbittorrent deluge rtorrent unsorted sorted
    new neu nouveau incoming inbox misc miscellaneous various other others sonstiges sonstige
    diverses divers autres varios temp tmp stuff media medien video videos filme film films
    movie movies tv tvshows shows series serien serie anime recordings aufnahmen archive
    archiv mixed watched unwatched seen unseen towatch watchlist queue import imports library
    mediathek all 下载 загрузки
"""
HEAP = frozenset(_HEAP_WORDS.split())
_COUNTRIES_WORDS = """
    us uk gb au nz ca jp de fr es it se dk no fi nl be in kr cn br mx
"""
COUNTRIES = frozenset(_COUNTRIES_WORDS.split())
_EXTRA_FOLDERS_WORDS = """
    extras extra featurettes featurette bonus bonusmaterial bonusmaterialien specialfeatures
    specialfeature behindthescenes makingof deletedscenes deletedscene deleted trailers
    trailer interviews interview scenes scene shorts short clips clip samples sample backdrops
    thememusic themevideos themevideo promos promo other others zusatzmaterial supplements
    supplement
"""
EXTRA_FOLDERS = frozenset(_EXTRA_FOLDERS_WORDS.split())
EXTRA_KINDS = {
    "trailer": "trailer",
    "trailers": "trailer",
    "teaser": "trailer",
    "interview": "interview",
    "interviews": "interview",
    "behindthescenes": "behind-the-scenes",
    "makingof": "behind-the-scenes",
    "deleted": "deleted-scene",
    "deletedscene": "deleted-scene",
    "deletedscenes": "deleted-scene",
    "scene": "scene",
    "scenes": "scene",
    "short": "short",
    "shorts": "short",
    "sample": "sample",
    "samples": "sample",
    "featurette": "featurette",
    "featurettes": "featurette",
    "clip": "clip",
    "clips": "clip",
    "backdrops": "theme-video",
    "themevideo": "theme-video",
    "themevideos": "theme-video",
}
EXTRA_SUFFIX = re.compile(
    r"^(?P<title>.*?)(?:^|(?<=[^\s._-])[ ._-]*[-._ ]|\s)"
    r"[(\[]?(?P<kind>trailer|teaser|sample|behind[ ._-]?the[ ._-]?scenes|making[ ._-]?of|"
    r"deleted(?:[ ._-]?scene)?|featurette|interview|scene|short|clip|other|extra|theme)s?"
    r"[)\]]?(?P<number>[ ._-]*\d{0,2})$",
    re.IGNORECASE,
)


def is_strong(token: str) -> bool:
    """Say whether a word, in lower case, is one that only releases have in their names."""
    return token in STRONG or RESOLUTION.match(token) is not None


def is_weak(token: str) -> bool:
    """Say whether a word, in lower case, may belong to a release."""
    return token in WEAK
