"""Invented people and words. Whoever carries such a name in life is not meant."""

_FIRST = (
    "Aino Bram Cosima Dario Elke Fjodor Greta Hamza Ilse Jarek Kaisa Lionel Mirela Nuno Oona Pavel Quentin "
    "Rosalind Soren Tamsin Ulla Viggo Wanda Xaver Yara Zeno"
)
FIRST = _FIRST.split()
_FAMILY = (
    "Ackerblum Brindlewood Castellmar Dunrobbin Eberwasser Fennimoor Gallowhay Hollersbeck Ivarstone "
    "Juniperfeld Kestrelman Larchwater Mossgrave Nettlebank Oakenshore Pellworth"
)
FAMILY = _FAMILY.split()

CATEGORIES = ("cooking", "football", "history", "music", "science", "travel", "gardening")
_HASHTAGS = (
    "#slowfood #onepot #derby #offside #castles #archives #vinyl #choir #telescope #fossils #nightbus "
    "#islands #compost #tomatoes"
)
HASHTAGS = _HASHTAGS.split()
DEVICES = ("phone", "tablet", "television", "laptop")
_TITLES = (
    "A Kitchen by the Canal|The Long Second Half|Letters from the Old Mill|Six Strings and a Barn|"
    "Counting Comets|The Ferry Leaves at Nine|Beds, Borders and Bees|Soup for Thirty|Keepers|The Salt Road|"
    "Winter Choir|What the Quarry Kept"
)
TITLES = _TITLES.split("|")

THEMES = ("delivery", "refund", "login", "billing", "praise", "outage")
CHANNELS = ("web", "app", "mail")
SENTENCES = (
    "The parcel went to the neighbour again.",
    "Could somebody look at the invoice of last week?",
    "Works now, many thanks.",
    "I cannot sign in since the update.",
    "Please send the money back to the old account.",
    "The page stays white after the second step.",
)

REGIONS = ("north", "south", "east", "west", "islands")
PRODUCTS = ("kettle", "lamp", "rucksack", "notebook", "teapot", "blanket")

CLINICS = ("Harbour Street", "Old Brewery", "Lindenhof", "Station Square")
REASONS = ("check-up", "vaccination", "physiotherapy", "blood test", "consultation")


def everybody() -> list[str]:
    """All names, in a fixed order."""
    return [f"{first} {family}" for family in FAMILY for first in FIRST]
