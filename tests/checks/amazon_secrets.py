"""What Login with Amazon gives out to be kept secret, for `detect-secrets`."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class LoginWithAmazonDetector(RegexBasedDetector):
    """Client secrets, refresh tokens and access tokens; our examples are shorter."""

    secret_type = "Login with Amazon"
    denylist = (
        re.compile(r"amzn1\.oa2-cs\.v1\.[0-9a-f]{32,}"),
        re.compile(r"Atz[ar]\|[A-Za-z0-9+/=_-]{40,}"),
    )
