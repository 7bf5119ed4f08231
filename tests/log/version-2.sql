-- The call log as the version before cases left it (schema 2): two calls by one number.
CREATE TABLE calls (
    seq            INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    started_ms     INTEGER NOT NULL,
    ended_ms       INTEGER,
    box            TEXT NOT NULL,
    uniqueid       TEXT NOT NULL,
    linkedid       TEXT NOT NULL,
    verdict        TEXT,
    number         TEXT NOT NULL,
    e164           TEXT,
    callback_e164  TEXT,
    record         TEXT NOT NULL
) STRICT;
CREATE INDEX calls_started ON calls (started_ms, seq);
CREATE INDEX calls_box ON calls (box, started_ms, seq);
CREATE INDEX calls_verdict ON calls (verdict, started_ms, seq);
CREATE INDEX calls_uniqueid ON calls (uniqueid);
CREATE INDEX calls_linkedid ON calls (linkedid);
CREATE INDEX calls_unfinished ON calls (seq) WHERE ended_ms IS NULL;

-- What a call is found by: its numbers, digits from the last to the first.
CREATE TABLE call_numbers (
    key         TEXT NOT NULL,
    started_ms  INTEGER NOT NULL,
    seq         INTEGER NOT NULL REFERENCES calls (seq) ON DELETE CASCADE,
    PRIMARY KEY (key, started_ms, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_numbers_seq ON call_numbers (seq);
CREATE TABLE outbox (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    call         TEXT NOT NULL,
    box          TEXT NOT NULL,
    destination  TEXT NOT NULL,
    stage        TEXT NOT NULL,
    since_ms     INTEGER NOT NULL,
    due_ms       INTEGER NOT NULL,
    failures     INTEGER NOT NULL DEFAULT 0,
    why          TEXT,
    UNIQUE (call, destination)
) STRICT;
CREATE INDEX outbox_order ON outbox (box, destination, seq) WHERE stage IN ('waiting', 'prepared');

-- What this installation marks as its own elsewhere, such as a lock in a voice box.
CREATE TABLE guard (id TEXT NOT NULL) STRICT;
INSERT INTO guard (id) VALUES (lower(hex(randomblob(8))));
PRAGMA user_version = 2;
PRAGMA journal_mode = WAL;
INSERT INTO calls (seq, id, started_ms, ended_ms, box, uniqueid, linkedid, verdict, number, e164, record) VALUES
  (1, '6aq6scwt0001', 1795511524250, 1795511524250, '100@default', 'pbx-1.1', 'pbx-1.1', 'hangup', '030 1234567', '+49301234567',
   '{"id": "6aq6scwt0001", "started": "2026-11-24T09:12:04.25Z", "ended": "2026-11-24T09:12:04.25Z", "box": "100@default", "uniqueid": "pbx-1.1", "linkedid": "pbx-1.1", "channel": "PJSIP/trunk-00000001", "caller": {"number": "030 1234567", "e164": "+49301234567", "name": "", "presentation": "shown"}, "dnid": "08001234567", "rdnis": "", "verdict": "hangup", "confidence": 1.0, "reasons": ["hung up after 2 s"], "seconds": {"speech": 0.0, "silence": 2.0, "music": 0.0, "tone": 0.0, "noise": 0.0}, "asked": [], "callback": {"number": "", "e164": null, "source": "none", "confirmed": false}, "mode": "enforce", "ended_by": "caller", "timeline": [], "audio": null, "delivered": []}');
INSERT INTO call_numbers VALUES ('76543210394', 1795511524250, 1);
INSERT INTO calls (seq, id, started_ms, ended_ms, box, uniqueid, linkedid, verdict, number, e164, record) VALUES
  (2, '6aq6vd7d0002', 1795511584250, 1795511584250, '100@default', 'pbx-1.1', 'pbx-1.1', 'hangup', '0049301234567', '+49301234567',
   '{"id": "6aq6vd7d0002", "started": "2026-11-24T09:13:04.25Z", "ended": "2026-11-24T09:13:04.25Z", "box": "100@default", "uniqueid": "pbx-1.1", "linkedid": "pbx-1.1", "channel": "PJSIP/trunk-00000001", "caller": {"number": "0049301234567", "e164": "+49301234567", "name": "", "presentation": "shown"}, "dnid": "08001234567", "rdnis": "", "verdict": "hangup", "confidence": 1.0, "reasons": ["hung up after 2 s"], "seconds": {"speech": 0.0, "silence": 2.0, "music": 0.0, "tone": 0.0, "noise": 0.0}, "asked": [], "callback": {"number": "", "e164": null, "source": "none", "confirmed": false}, "mode": "enforce", "ended_by": "caller", "timeline": [], "audio": null, "delivered": []}');
INSERT INTO call_numbers VALUES ('76543210394', 1795511584250, 2);
