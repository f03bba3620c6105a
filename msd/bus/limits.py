"""What a D-Bus caller may ask for at most (K6); documented in the interface XML."""

MAX_STRING_BYTES = 64 * 1024
MAX_LIST_LENGTH = 1000
MAX_GET_ITEMS = 500
MAX_PAGE = 500
MAX_CALLS = 2000  # in progress at one time
MAX_MESSAGE_BYTES = 32 * 1024 * 1024  # D-Bus itself ends connections beyond 64 to 128 MiB
MAX_ERROR_CHARS = 2000
MAX_DESCRIPTOR_BYTES = 64 * 1024
DESCRIPTOR_DEADLINE_S = 5.0
HIGH_WATER_BYTES = 8 * 1024 * 1024  # waiting to be sent: calls are answered later
HIGH_WATER_MESSAGES = 1000  # waiting to be sent: progress is told later, in one piece
