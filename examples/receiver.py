"""A store, run by `WEBHOOK_SECRET=whsec_… receiver.py PORT orders.db`. Nothing counts twice."""

import os
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

SEE = "INSERT OR IGNORE INTO messages VALUES (:message_id, :message, :number)"
KEEP = """INSERT INTO orders VALUES (?, ?, json_extract(?, '$.payload.order')) ON CONFLICT DO UPDATE
    SET at = excluded.at, content = json_patch(content, excluded.content) WHERE excluded.at >= at"""
with sqlite3.connect(sys.argv[2]) as database:
    database.execute("CREATE TABLE IF NOT EXISTS messages (id PRIMARY KEY, message, number)")
    database.execute("CREATE TABLE IF NOT EXISTS orders (number PRIMARY KEY, at, content)")


class Store(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        try:
            body = self.rfile.read(min(int(self.headers["content-length"] or 0), 2**20))
            message = Webhook(os.environ["WEBHOOK_SECRET"]).verify(body, dict(self.headers))
        except (WebhookVerificationError, ValueError):
            return self.send_error(401)
        about = message["payload"].get("order") or message["payload"]["shipment"]
        with sqlite3.connect(sys.argv[2]) as database:  # a message's id and its effect, or neither
            if database.execute(SEE, message | about).rowcount and "order" in message["payload"]:
                database.execute(KEEP, (about["number"], about["updated_at"], body.decode()))
        self.send_response(204)
        return self.end_headers()


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Store)
print(f"The store listens on http://127.0.0.1:{server.server_port} (Ctrl-C stops it).", flush=True)
server.serve_forever()
