"""The name under which we call Amazon, in the form that both of its APIs ask for."""

import platform

from amazon_endpoint import __version__

USER_AGENT = (
    f"amazon-endpoint/{__version__} "
    f"(Language=Python/{platform.python_version()}; Platform={platform.system() or 'unknown'})"
)
