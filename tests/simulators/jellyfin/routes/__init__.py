"""Every route the simulator serves; importing this package registers them.

The order matters where a fixed path and a path with a part would both match.
"""

from tests.simulators.jellyfin.routes import system, account, quick_connect  # noqa: F401, I001
from tests.simulators.jellyfin.routes import browse, items, beside, play, images  # noqa: F401
from tests.simulators.jellyfin.routes import kodi_queue  # noqa: F401
