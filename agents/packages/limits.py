"""How large and how many: the limits of an uploaded package (wire format)."""

MIB = 1024 * 1024
ARCHIVE_BYTES = 50 * MIB
ENTRIES = 2_000
FILE_BYTES = 15 * MIB
TOTAL_BYTES = 150 * MIB
# Headers and padding of the largest legal archive; anything beyond is a bomb.
STREAM_BYTES = TOTAL_BYTES + ENTRIES * 8 * 1024
PATH_BYTES = 1_024
XZ_MEMORY_BYTES = 128 * MIB
