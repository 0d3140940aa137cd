"""`amazon-endpoint accounts` keeps accounts, and shows none of their secrets."""

import base64
import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from amazon_endpoint.sandbox.testing import RunningSandbox
from tests.acceptance.conftest import _NOTHING_OF_OURS, Command

WEBHOOK = ("--to", "https://shop.example/hooks/canary-url")
SIGNING_SECRET = f"whsec_{base64.b64encode(b'canary-signing-secret-of-32-byte').decode()}"
SECRETS = {
    "client_secret": "canary-client-secret",
    "refresh_token": "canary-refresh-token",
    "destination_secret": SIGNING_SECRET,
}
MWS = {
    "client_id": "",
    "client_secret": "",
    "refresh_token": "",
    "aws_access_key": "canary-access-key",
    "secret_key": "local-canary-access-key",
}


@pytest.fixture(autouse=True)
def _as_it_was(sandbox: RunningSandbox) -> Iterator[None]:
    yield
    sandbox.clear_faults()


def listed(command: Command) -> list[dict[str, Any]]:
    done = command("accounts", "list", "--json")
    assert done.returncode == 0
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days, minutes=5)).isoformat(timespec="seconds")


def test_an_account_is_added_listed_and_shown(command: Command) -> None:
    added = command(
        *("accounts", "add", "shop-us", *WEBHOOK, "--every", "10", "--lag", "30"),
        *("--statuses", "unshipped,shipped", "--fulfilled-by", "AMAZON,MERCHANT"),
        *("--since", "2026-01-31T00:00:00Z", "--secret-expires", in_days(100), "--json"),
        *("--shipping-method", "Standard=UPS Ground", "--shipping-method", "NextDay=UPS Air"),
        *("--carrier", "Our Courier = DHL"),
        **SECRETS,
    )
    assert (added.returncode, added.stderr) == (0, "")
    account = json.loads(added.stdout)
    assert account.pop("signing_secret") is None
    assert account | {"created_at": "", "client_secret_expires_at": ""} == {
        "id": "shop-us",
        "seller_id": "LOCALSELLER",
        "marketplace_ids": ["ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"],
        "generation": "SP-API",
        "services_host": command.settings["AMAZON_ENDPOINT_SERVICES_HOST"],
        "token_host": command.settings["AMAZON_ENDPOINT_TOKEN_HOST"],
        "destination_kind": "webhook",
        "destination_host": "shop.example",
        "destination_secrets": 1,
        "poll_every": 10,
        "lag": 30,
        "statuses": ["Unshipped", "Shipped"],
        "fulfilled_by": ["MERCHANT", "AMAZON"],
        "shipping_methods": {"Standard": "UPS Ground", "NextDay": "UPS Air"},
        "carriers": {"Our Courier": "DHL"},
        "start": "2026-01-31T00:00:00Z",
        "created_at": "",
        "paused_at": None,
        "client_secret_expires_at": "",
        "client_secret_days_left": 100,
        "client_secret_level": "far",
        "previous_client_secret_until": None,
    }
    assert listed(command) == [account]
    assert json.loads(command("accounts", "show", "shop-us", "--json").stdout) == account


def test_no_secret_is_shown_or_lies_open(command: Command) -> None:
    told = ""
    for arguments in (
        ("add", "shop", *WEBHOOK),
        ("rotate", "shop"),
        ("list",),
        ("show", "shop"),
        ("list", "--json"),
        ("check", "shop", "--json"),
        ("pause", "shop"),
    ):
        done = command("accounts", *arguments, log_level="debug", **SECRETS)
        assert done.returncode == 0
        told += done.stdout + done.stderr
    assert "shop.example" in told
    assert "canary" not in told
    for file in command.folder.glob("endpoint.db*"):
        assert b"canary" not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (command.folder / "endpoint.db.key").exists()


def test_a_webhook_gets_a_secret_that_is_shown_once(command: Command) -> None:
    added = command("accounts", "add", "shop", *WEBHOOK)
    assert added.returncode == 0
    (secret,) = [word for word in added.stdout.split() if word.startswith("whsec_")]
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert secret not in command("accounts", "show", "shop", "--json").stdout


def test_an_extension_needs_its_token(command: Command) -> None:
    extension = ("accounts", "add", "shop", "--to", "https://shop.example/wombat", "--kind", "v6")
    refused = command(*extension)
    assert refused.returncode == 2
    assert "AMAZON_ENDPOINT_DESTINATION_SECRET" in refused.stderr
    assert command(*extension, destination_secret="a,token").returncode == 0
    assert listed(command)[0]["destination_kind"] == "v6"


@pytest.mark.parametrize(
    ("arguments", "settings", "told"),
    [
        (["Shop", *WEBHOOK], {}, "ID: Give up to 40"),
        (["shop"], {}, "--to"),
        (["shop", "--to", "http://shop.example"], {}, "--to: Use https://"),
        (["shop", "--to", "https://10.0.0.1"], {}, "--to: 10.0.0.1 is a private address"),
        (["shop", *WEBHOOK, "--every", "0"], {}, "--every"),
        (["shop", *WEBHOOK, "--since", "yesterday"], {}, "--since"),
        (["shop", *WEBHOOK, "--since", "2999-01-01T00:00:00Z"], {}, "--since: This is in the fut"),
        (["shop", *WEBHOOK, "--statuses", "Sent"], {}, "--statuses"),
        (["shop", *WEBHOOK, "--carrier", "Our Courier"], {}, "--carrier"),
        (["shop", *WEBHOOK, "--carrier", f"Courier={'D' * 201}"], {}, "--carrier: Give at most"),
        (["shop", *WEBHOOK], {"refresh_token": ""}, "AMAZON_ENDPOINT_REFRESH_TOKEN: Not set."),
        (["shop", *WEBHOOK], {"allowed_hosts": ""}, "AMAZON_ENDPOINT_SERVICES_HOST"),
        (
            ["shop", *WEBHOOK],
            {"destination_secret": "hunter2"},
            "AMAZON_ENDPOINT_DESTINATION_SECRET: A signing secret is whsec_",
        ),
        (
            ["shop", *WEBHOOK, "--marketplace-id", "ATVPDKIKX0DER,A1PA6795UKMFR9"],
            {},
            "each region as an account of its own",
        ),
        (["shop", *WEBHOOK], {"key": "hunter2"}, "AMAZON_ENDPOINT_KEY: Key 1"),
    ],
)
def test_what_can_not_be_used_is_named(
    command: Command, arguments: list[str], settings: dict[str, str], told: str
) -> None:
    refused = command("accounts", "add", *arguments, **settings)
    assert refused.returncode == 2
    assert told in " ".join(refused.stderr.split())
    assert "hunter2" not in refused.stderr
    assert "Added" not in refused.stdout


def test_an_id_is_taken_once(command: Command) -> None:
    assert command("accounts", "add", "shop", *WEBHOOK).returncode == 0
    again = command("accounts", "add", "shop", "--to", "https://other.example/hooks")
    assert again.returncode == 1
    assert "already" in again.stderr
    assert listed(command)[0]["destination_host"] == "shop.example"


def test_pause_resume_and_remove(command: Command) -> None:
    command("accounts", "add", "shop", *WEBHOOK)
    assert command("accounts", "pause", "shop").returncode == 0
    assert listed(command)[0]["paused_at"] is not None
    assert command("accounts", "resume", "shop").returncode == 0
    assert listed(command)[0]["paused_at"] is None

    assert command("accounts", "remove", "shop", given="n\n").returncode == 1
    assert len(listed(command)) == 1
    assert command("accounts", "remove", "shop", "--yes").returncode == 0
    assert listed(command) == []


def change(command: Command, *options: str, **settings: str) -> dict[str, Any]:
    done = command("accounts", "change", "shop", *options, "--json", **settings)
    assert (done.returncode, done.stderr) == (0, "")
    changed: dict[str, Any] = json.loads(done.stdout)
    return changed


def test_what_is_given_changes_and_the_rest_stays(command: Command) -> None:
    lookups = ("--shipping-method", "Standard=UPS Ground", "--carrier", "Our Courier=DHL")
    command("accounts", "add", "shop", *WEBHOOK, *lookups)
    (before,) = listed(command)

    moved = change(command, "--to", "https://next.example/hooks", "--every", "7", "--lag", "8")
    assert moved.pop("signing_secret") is None
    assert moved == {**before, "destination_host": "next.example", "poll_every": 7, "lag": 8}
    spelt_otherwise = ("--shipping-method", "STANDARD=FedEx", "--shipping-method", "Next Day=Air")
    renamed = change(command, *spelt_otherwise, "--carrier", "our courier=")
    assert renamed["shipping_methods"] == {"STANDARD": "FedEx", "Next Day": "Air"}
    assert renamed["carriers"] == {}
    assert listed(command) == [moved | {name: renamed[name] for name in renamed.keys() & moved}]


def test_a_store_of_another_kind_gets_a_secret_of_its_own(command: Command) -> None:
    extension = ("--to", "https://shop.example/wombat", "--kind", "v6")
    command("accounts", "add", "shop", *WEBHOOK)
    assert command("accounts", "change", "shop", "--kind", "v6").returncode == 2
    assert command("accounts", "change", "shop", *extension).returncode == 2

    assert change(command, *extension, destination_secret="token")["destination_kind"] == "v6"

    webhook = change(command, *WEBHOOK, "--kind", "webhook")
    assert webhook["destination_kind"] == "webhook"
    assert webhook["signing_secret"].startswith("whsec_")


def test_a_change_that_can_not_be_changes_nothing(command: Command) -> None:
    command("accounts", "add", "shop", *WEBHOOK)
    before = listed(command)
    refused = command("accounts", "change", "shop", "--to", "http://shop.example", "--every", "9")
    assert refused.returncode == 2
    assert "--to: Use https://" in refused.stderr
    assert listed(command) == before


def test_a_webhook_has_two_secrets_until_its_store_knows_the_new_one(command: Command) -> None:
    command("accounts", "add", "shop", *WEBHOOK, **SECRETS)
    present = command("accounts", "rotate-store", "shop", **SECRETS)
    assert present.returncode == 1
    assert "already" in present.stderr

    rotated = command("accounts", "rotate-store", "shop")
    (secret,) = [word for word in rotated.stdout.split() if word.startswith("whsec_")]
    assert listed(command)[0]["destination_secrets"] == 2
    dropped = command("accounts", "rotate-store", "shop", "--drop-old", "--json")
    assert json.loads(dropped.stdout)["destination_secrets"] == 1
    again = command("accounts", "rotate-store", "shop", destination_secret=secret)
    assert "already" in again.stderr


def test_an_extension_has_one_token(command: Command) -> None:
    extension = ("--to", "https://shop.example/wombat", "--kind", "v6")
    command("accounts", "add", "shop", *extension, destination_secret="one")
    assert command("accounts", "rotate-store", "shop", destination_secret="two").returncode == 0
    assert listed(command)[0]["destination_secrets"] == 1


def test_an_account_is_polled_at_once_and_read_back_in_time(command: Command) -> None:
    command("accounts", "add", "shop", *WEBHOOK)
    assert command("accounts", "poll", "shop").returncode == 0
    back = ("accounts", "backfill", "shop", "--since", "2026-01-01T00:00:00Z")

    begun = command(*back, "--until", "2026-02-01T00:00:00Z")
    assert (begun.returncode, begun.stderr) == (0, "")
    second = command(*back)
    assert second.returncode == 1
    assert "under way" in second.stderr
    status = json.loads(command("status", "--account", "shop", "--json").stdout)
    assert status["status"]["accounts"][0]["readings"]["backfill"]["progress"] == 0
    never = command(*back, "--until", "2025-01-01T00:00:00Z")
    assert never.returncode == 2
    assert "--since" in never.stderr
    command("accounts", "pause", "shop")
    assert "accounts resume shop" in command("accounts", "poll", "shop").stderr


@pytest.mark.parametrize(
    "name",
    [
        *("show", "pause", "resume", "rotate", "reauthorise", "check", "remove", "change"),
        *("rotate-store", "poll"),
    ],
)
def test_an_unknown_account_is_told(command: Command, name: str) -> None:
    unknown = command("accounts", name, "shop", *(["--yes"] if name == "remove" else []))
    assert unknown.returncode == 1
    assert "accounts list" in unknown.stderr


def test_two_client_secrets_are_held_while_one_follows_the_other(command: Command) -> None:
    command("accounts", "add", "shop", *WEBHOOK, "--secret-expires", in_days(3))
    done = command("accounts", "rotate", "shop", client_secret="the next one")
    account = listed(command)[0]
    assert done.returncode == 0
    assert account["client_secret_days_left"] == 179
    assert account["previous_client_secret_until"] is not None


def findings(command: Command, *options: str) -> tuple[int, dict[str, tuple[str, str]]]:
    done = command("accounts", "check", "shop", "--json", *options)
    found = {one["check"]: (one["outcome"], one["told"]) for one in json.loads(done.stdout)}
    return done.returncode, found


def test_check_looks_at_everything(command: Command) -> None:
    command("accounts", "add", "shop", *WEBHOOK)
    command("accounts", "rotate", "shop", client_secret="the next one")
    code, found = findings(command, "--deep")
    assert (code, {outcome for outcome, _ in found.values()}) == (0, {"ok"})
    assert list(found) == [
        "Store",
        "Client secret",
        "Hosts and clock",
        "Login with Amazon",
        "Orders",
        "Feeds",
        "Buyers and addresses",
        "Previous client secret",
    ]


@pytest.mark.parametrize(
    ("days", "outcome", "told"),
    [(100, "ok", "in 100 days"), (80, "warning", "in 80 days"), (-1, "wrong", "It expired")],
)
def test_check_warns_of_a_client_secret_that_expires(
    command: Command, days: int, outcome: str, told: str
) -> None:
    command("accounts", "add", "shop", *WEBHOOK, "--secret-expires", in_days(days))
    code, found = findings(command)
    assert (code, found["Client secret"][0]) == (int(outcome == "wrong"), outcome)
    assert told in found["Client secret"][1]


def test_check_tells_refused_credentials(command: Command) -> None:
    command("accounts", "add", "shop", *WEBHOOK, refresh_token="revoked")
    code, found = findings(command)
    assert code == 1
    assert [name for name, (outcome, _) in found.items() if outcome == "wrong"] == [
        "Login with Amazon"
    ]


def test_an_account_of_an_mws_gateway(command: Command) -> None:
    assert command("accounts", "add", "shop", *WEBHOOK, **MWS).returncode == 0
    assert listed(command)[0]["generation"] == "MWS"
    code, found = findings(command)
    assert (code, {outcome for outcome, _ in found.values()}) == (0, {"ok"}), found
    assert list(found) == ["Store", "Hosts and clock", "Login with Amazon", "Orders", "Feeds"]
    rotated = command("accounts", "rotate", "shop")
    assert rotated.returncode == 2
    assert "MWS" in rotated.stderr


def test_a_lost_key_is_named_and_the_account_can_be_removed(command: Command) -> None:
    command("accounts", "add", "shop", *WEBHOOK)
    (command.folder / "endpoint.db.key").unlink()
    lost = command("accounts", "list")
    assert lost.returncode == 2
    assert "endpoint.db.key" in lost.stderr
    assert command("accounts", "remove", "shop", "--yes").returncode == 0
    assert listed(command) == []


def test_a_key_is_changed_without_losing_anything(command: Command) -> None:
    old, new = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    command("accounts", "add", "shop", *WEBHOOK, key=old)
    refused = command("accounts", "show", "shop", key=new)
    assert refused.returncode == 2
    assert "was sealed with key" in refused.stderr

    resealed = command("accounts", "reseal", key=f"{new},{old}")
    assert (resealed.returncode, resealed.stdout) == (0, "1 value sealed anew.\n")
    assert command("accounts", "show", "shop", key=new).returncode == 0
    failed = command("accounts", "reseal", key=old)
    assert failed.returncode == 1
    assert "was sealed with key" in failed.stderr


def test_a_key_may_come_from_a_file(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(base64.b64encode(os.urandom(32)).decode() + "\n")
    assert command("accounts", "add", "shop", *WEBHOOK, key_file=str(path)).returncode == 0
    assert not (command.folder / "endpoint.db.key").exists()
    assert command("accounts", "show", "shop", key_file=str(path)).returncode == 0


def test_people_are_asked_for_what_is_missing_and_do_not_see_their_secrets(
    command: Command,
) -> None:
    ours, theirs = pty.openpty()
    given = {
        name: value
        for name, value in command.settings.items()
        if name not in {"AMAZON_ENDPOINT_CLIENT_SECRET", "AMAZON_ENDPOINT_REFRESH_TOKEN"}
    }
    with subprocess.Popen(
        [sys.executable, "-m", "amazon_endpoint", "accounts", "add", "shop", *WEBHOOK],
        env={**_NOTHING_OF_OURS, **given},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        seen = b""
        for question, answer in ((b"Client secret: ", b"canary-1"), (b"token: ", b"canary-2")):
            while not seen.endswith(question):
                seen += os.read(ours, 1)
            os.write(ours, answer + b"\n")
        try:
            while more := os.read(ours, 1024):
                seen += more
        except OSError:
            pass  # How a terminal ends on Linux.
        assert process.wait() == 0
    os.close(ours)
    assert b"Added shop" in seen
    assert b"canary-1" not in seen
    assert b"canary-2" not in seen
    assert len(listed(command)) == 1
