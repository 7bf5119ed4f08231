#!/usr/bin/env python3
"""Takes the webhook of voicemail-guard and reports the call to a Zammad. Python 3.9, nothing else.

    SECRET=... ZAMMAD=https://zammad.example.com CTI_TOKEN=... API_TOKEN=... ./zammad.py 8080

CTI_TOKEN: the call stands in Zammad's caller log (Admin > Integrations > CTI (generic)).
API_TOKEN: the message becomes a ticket with its audio (a user's token with the permission ticket.agent).
GROUP: the group of the tickets ("Users"). Either token may be left out. Listens on 127.0.0.1.
"""
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["SECRET"].encode()
ZAMMAD = os.environ["ZAMMAD"].rstrip("/")
LONGEST = 32 << 20
done = {}  # keys of the reports, each with what is already done about it


def is_signed(headers, body):
    stamp = headers.get("X-Voicemail-Guard-Timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > 300:
        return False
    expected = hmac.new(SECRET, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest("v1=" + expected, headers.get("X-Voicemail-Guard-Signature", ""))


def post(path, data, **headers):
    request = urllib.request.Request(
        ZAMMAD + path, json.dumps(data).encode(), {"Content-Type": "application/json", **headers})
    urllib.request.urlopen(request, timeout=10).read()


def number(party, default):
    return (party.get("e164") or party.get("number") or default).lstrip("+")


def caller_log(report):
    call = report["call"]
    event = {"from": number(call["caller"], "anonymous"), "to": call["dnid"] or call["box"],
             "direction": "in", "callId": call["id"]}
    path = "/api/v1/cti/" + os.environ["CTI_TOKEN"]
    post(path, {"event": "newCall", "queue": call["box"], **event})
    post(path, {"event": "hangup", "cause": "noAnswer", **event})


def ticket(report):
    call, sound = report["call"], report.get("sound") or {}
    back = number(call["callback"], "no number")
    lines = [f"Call back: {back} ({call['callback']['source']})", f"Name: {call['caller']['name']}",
             f"Verdict: {call['verdict']}: " + "; ".join(call["reasons"]), report.get("page") or ""]
    case = call.get("case") or {}
    if case.get("place", 1) > 1:
        lines.insert(2, f"Call no. {case['place']} since {case['first']} (case {case['id']})")
    article = {"subject": "Voice message", "body": "\n".join(lines), "type": "phone",
               "sender": "Customer", "content_type": "text/plain", "internal": False}
    if sound.get("wav"):
        article["attachments"] = [
            {"filename": call["id"] + ".wav", "data": sound["wav"], "mime-type": "audio/x-wav"}]
    post("/api/v1/tickets",
         {"title": f"Voice message from {number(call['caller'], 'a withheld number')}",
          "group": os.environ.get("GROUP", "Users"), "article": article,
          "customer_id": f"guess:{back}@voicemail.invalid"},
         Authorization="Token token=" + os.environ["API_TOKEN"])


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(min(length, LONGEST))
        if length > LONGEST or not is_signed(self.headers, body):
            return self.answer(401)
        report = json.loads(body)
        ready = done.setdefault(report["key"], set())
        try:
            for name, act in (("CTI_TOKEN", caller_log), ("API_TOKEN", ticket)):
                if os.environ.get(name) and name not in ready:
                    act(report)
                    ready.add(name)
        except (urllib.error.URLError, OSError) as error:
            self.log_message("%s", error)
            return self.answer(502)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
