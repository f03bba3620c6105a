"""The words generated titles, texts and names are made of, many with diacritics."""

# ruff: noqa: E501, RUF001 - whole sentences, in several scripts on purpose

from __future__ import annotations

TITLE_HEADS = (
    "The Last", "Žluťoučký", "Le Château", "Ærlige", "A Quiet", "Größe", "Señor", "Über", "Ночной",
    "東京", "The Crème", "Naïve", "Ångström's", "Łódź", "Façade", "An Old", "İstanbul", "Đường",
    "Blue", "Second", "Éternel", "Hidden", "Wild", "Smörgåsbord", "The Ελληνικό", "Iron", "Silent",
)  # fmt: skip
TITLE_TAILS = (
    "River", "Garden", "Straße", "Lumière", "Mountain", "kůň", "Été", "Voyage", "物語", "Winter",
    "Años", "City", "Дом", "Letter", "Fjörður", "Noël", "Harbour", "Piñata", "Machine", "Señal",
)  # fmt: skip
SENTENCES = (
    "A retired cartographer returns to the village where she was born and finds that every road has been renamed.",
    "Two brothers who have not spoken for thirty years inherit the same small cinema and one unfinished film.",
    "When the harbour freezes over for the first time in a century, the ferry crew has to choose whom to trust.",
    "An engineer at a remote observatory hears a signal that only repeats when somebody tells the truth.",
    "Čtyři přátelé se vydávají na cestu vlakem přes celou zemi a každý z nich skrývá jiný důvod proč odjet.",
    "Pendant l'été le plus chaud du siècle, une jeune pianiste apprend à écouter le silence entre les notes.",
    "Eine Buchhändlerin entdeckt in einem gebrauchten Wörterbuch Notizen, die von ihrer eigenen Zukunft erzählen.",
    "The night shift of a bread factory forms a choir and, to its own surprise, is asked to sing in the capital.",
    "На краю тайги лесник находит старую киноплёнку, на которой снят его собственный дом за год до постройки.",
    "A lighthouse keeper, a smuggler and a schoolteacher are stranded together and begin to tell each other lies.",
)  # fmt: skip
GENRES = (
    "Action", "Adventure", "Animation", "Comedy", "Crime", "Documentary", "Drama", "Family",
    "Fantasy", "History", "Horror", "Mystery", "Romance", "Science Fiction", "Thriller", "War",
)  # fmt: skip
MUSIC_GENRES = ("Rock", "Jazz", "Klassik", "Chanson", "Électronique", "Folk", "Metal", "Hip-Hop")
STUDIOS = (
    "Northern Light Pictures", "Barrandov Východ", "Lumière & Fils", "Ostsee Film", "Blue Harbour",
    "Kino Centrum", "Third Row Productions", "Estudios Mañana",
)  # fmt: skip
ARTISTS = (
    "Sigrún Ösk", "The Paper Boats", "Café Zürich", "Beyond Straße", "Dvořák Trio", "Motör Hüll",
    "Los Niños del Río", "Звезда", "Blå Time", "Ana & Tomé",
)  # fmt: skip
RATINGS = ("G", "PG", "PG-13", "R", "TV-14", "FSK-12")
COLLECTION_WORDS = ("Árbol", "Winter", "Zebra")
PEOPLE = (
    "Ingrid Sørensen", "Tomáš Novák", "Amélie Durand", "José Peña", "Grace Okafor", "Mei Tanaka",
    "Jürgen Weiß", "Ayşe Yılmaz", "Oleksandr Bondar", "Ruth Adeyemi", "Liam O'Connor", "Zofia Król",
)  # fmt: skip
