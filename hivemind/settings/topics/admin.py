"""The look and the menu of the operator's admin."""

UNFOLD = {
    "SITE_TITLE": "Hivemind",
    "SITE_HEADER": "Hivemind",
    "SITE_SUBHEADER": "operator's admin",
    "SITE_SYMBOL": "hive",
    "SHOW_VIEW_ON_SITE": False,
}
