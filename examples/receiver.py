"""An example store: takes signed webhooks and keeps each order once, whatever comes twice.

WEBHOOK_SECRET=whsec_… python receiver.py PORT orders.db
"""

import json
import os
import sqlite3
import sys
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

PORT, DATABASE = int(sys.argv[1]), sys.argv[2]
WEBHOOK = Webhook(os.environ["WEBHOOK_SECRET"])
LARGEST = 1024 * 1024
TABLES = """
    CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY, message TEXT, number TEXT);
    CREATE TABLE IF NOT EXISTS orders (number TEXT PRIMARY KEY, updated_at TEXT, content TEXT)"""
# What comes late doesn't undo what came before it, and what is not told stays as it is.
KEEP = """
    INSERT INTO orders VALUES (?, ?, ?) ON CONFLICT DO UPDATE
    SET updated_at = excluded.updated_at, content = json_patch(content, excluded.content)
    WHERE excluded.updated_at >= updated_at"""


class Receiver(BaseHTTPRequestHandler):
    """Answers 401 to what was not signed for us, and 204 to what is kept."""

    def do_POST(self) -> None:
        """Take a message."""
        try:
            body = self.rfile.read(min(int(self.headers["content-length"] or 0), LARGEST))
            message = WEBHOOK.verify(body, dict(self.headers))
        except (WebhookVerificationError, ValueError):
            status = 401
        else:
            keep(message["message_id"], message["message"], message["payload"])
            status = 204
        self.send_response(status)
        self.end_headers()


def keep(message_id: str, kind: str, payload: dict[str, Any]) -> None:
    """Keep a message's id and its effect together, so that neither is there without the other."""
    about = payload.get("order") or payload["shipment"]
    with closing(sqlite3.connect(DATABASE)) as database, database:
        seen = (message_id, kind, about["number"])
        new = database.execute("INSERT OR IGNORE INTO messages VALUES (?, ?, ?)", seen).rowcount
        if new and "order" in payload:
            database.execute(KEEP, (about["number"], about["updated_at"], json.dumps(about)))


with closing(sqlite3.connect(DATABASE)) as prepared:
    prepared.executescript(TABLES)
server = ThreadingHTTPServer(("127.0.0.1", PORT), Receiver)
print(f"The store listens on http://127.0.0.1:{server.server_port} (Ctrl-C stops it).", flush=True)
server.serve_forever()
