"""Asking: what no setting tells, a person is asked for."""

import base64
import secrets
import sys

import click

from amazon_endpoint.settings import PREFIX, SettingInvalid, Settings


def ask(name: str, question: str, *, secret: bool = True) -> str:
    """Ask a person, who does not see the secret while typing it.

    Raises:
        SettingInvalid: there is nobody to ask.
    """
    variable = f"{PREFIX}{name.upper()}"
    if not sys.stdin.isatty():
        raise SettingInvalid(f"Not set. Set it, or {variable}_FILE.", field=variable)
    answer: str = click.prompt(question, hide_input=secret, err=True)
    return answer.strip()


def destination_secrets(given: Settings, kind: str) -> tuple[tuple[str, ...], str | None]:
    """A destination's secrets, and the one among them that was made just now."""
    secret = given.destination_secret
    if kind == "v6":
        return (secret or ask("destination_secret", "Token of the hub extension"),), None
    if secret:
        return tuple(one.strip() for one in secret.split(",")), None
    new = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    return (new,), new
