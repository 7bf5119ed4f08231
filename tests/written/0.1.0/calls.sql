-- The call log as 0.1.0 left it (schema 16). This file is never changed.
BEGIN;
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
    , case_seq INTEGER, corrected TEXT) STRICT;
CREATE TABLE call_numbers (
        key         TEXT NOT NULL,
        started_ms  INTEGER NOT NULL,
        seq         INTEGER NOT NULL REFERENCES calls (seq) ON DELETE CASCADE,
        PRIMARY KEY (key, started_ms, seq)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
        seq          INTEGER PRIMARY KEY AUTOINCREMENT,
        call         TEXT NOT NULL,
        box          TEXT NOT NULL,
        destination  TEXT NOT NULL,
        stage        TEXT NOT NULL,
        since_ms     INTEGER NOT NULL,
        due_ms       INTEGER NOT NULL,
        failures     INTEGER NOT NULL DEFAULT 0,
        why          TEXT, case_id TEXT, case_place INTEGER, case_first_ms INTEGER, spool BLOB,
        UNIQUE (call, destination)
    ) STRICT;
CREATE TABLE guard (id TEXT NOT NULL, keep_rules TEXT, keep_all_until_ms INTEGER, swept_ms INTEGER, jump_until_ms INTEGER) STRICT;
CREATE TABLE outbox_told (
        seq        INTEGER NOT NULL REFERENCES outbox (seq) ON DELETE CASCADE,
        recipient  TEXT NOT NULL,
        PRIMARY KEY (seq, recipient)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE cases (
        seq          INTEGER PRIMARY KEY,
        id           TEXT NOT NULL UNIQUE,
        number       TEXT NOT NULL,
        box          TEXT NOT NULL,
        first_ms     INTEGER NOT NULL,
        last_ms      INTEGER NOT NULL,
        closed_ms    INTEGER,
        closed_by    TEXT,
        closed_call  TEXT
    , urgency INTEGER NOT NULL DEFAULT 0, waiting_ms INTEGER, verdicts INTEGER NOT NULL DEFAULT 0, lead_seq INTEGER, claimed_by TEXT, claimed_ms INTEGER, claimed_until_ms INTEGER, tries INTEGER NOT NULL DEFAULT 0, next_try_ms INTEGER, decided_ms INTEGER, closed_who TEXT, version INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE set_aside (
        file         TEXT NOT NULL PRIMARY KEY,
        deliveries   INTEGER NOT NULL,
        unreadable   INTEGER NOT NULL,
        is_complete  INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE case_events (
        seq       INTEGER PRIMARY KEY,
        case_seq  INTEGER NOT NULL REFERENCES cases (seq) ON DELETE CASCADE,
        at_ms     INTEGER NOT NULL,
        who       TEXT,
        via       TEXT NOT NULL,
        what      TEXT NOT NULL,
        note      TEXT
    , call TEXT, verdict TEXT) STRICT;
CREATE TABLE case_texts (
        seq       INTEGER PRIMARY KEY,
        case_seq  INTEGER NOT NULL REFERENCES cases (seq) ON DELETE CASCADE,
        words     TEXT NOT NULL,
        UNIQUE (case_seq, words)
    ) STRICT;
CREATE VIRTUAL TABLE case_words USING fts5 (
        words, content = 'case_texts', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2');
CREATE TABLE listened (
        call_seq  INTEGER NOT NULL REFERENCES calls (seq) ON DELETE CASCADE,
        who       TEXT NOT NULL,
        address   TEXT NOT NULL,
        hour      INTEGER NOT NULL,
        at_ms     INTEGER NOT NULL,
        PRIMARY KEY (call_seq, who, address, hour)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE tokens (
        name        TEXT NOT NULL PRIMARY KEY,
        hash        BLOB NOT NULL UNIQUE,
        role        TEXT NOT NULL,
        -- A list in JSON; nothing where it sees every mailbox.
        mailboxes   TEXT,
        made_ms     INTEGER NOT NULL,
        used_ms     INTEGER,
        expires_ms  INTEGER
    ) STRICT, WITHOUT ROWID;
CREATE TABLE corrections (
        call_seq  INTEGER PRIMARY KEY REFERENCES calls (seq) ON DELETE CASCADE,
        verdict   TEXT NOT NULL,
        who       TEXT NOT NULL,
        via       TEXT NOT NULL,
        at_ms     INTEGER NOT NULL,
        note      TEXT
    ) STRICT;
CREATE TABLE local_offsets (
        from_ms    INTEGER PRIMARY KEY,
        offset_ms  INTEGER NOT NULL
    ) STRICT;
CREATE TABLE figures (
        day         INTEGER NOT NULL,
        box         TEXT NOT NULL,
        kind        TEXT NOT NULL,
        calls       INTEGER NOT NULL,
        unheard     INTEGER NOT NULL,
        unheard_ms  INTEGER NOT NULL,
        ended       INTEGER NOT NULL,
        ended_ms    INTEGER NOT NULL,
        asked       INTEGER NOT NULL,
        rescued     INTEGER NOT NULL,
        wrong       INTEGER NOT NULL,
        observed    INTEGER NOT NULL,
        would_end   INTEGER NOT NULL,
        would_ms    INTEGER NOT NULL,
        PRIMARY KEY (day, box, kind)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE digests (
        box        TEXT NOT NULL,
        day        TEXT NOT NULL,
        recipient  TEXT NOT NULL,
        at_ms      INTEGER NOT NULL,
        PRIMARY KEY (box, day, recipient)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE keeping (
        seq       INTEGER PRIMARY KEY REFERENCES calls (seq) ON DELETE CASCADE,
        ended_ms  INTEGER NOT NULL,
        look_ms   INTEGER,
        gone      INTEGER NOT NULL DEFAULT 0
    ) STRICT;
CREATE TABLE erased (call INTEGER PRIMARY KEY, started_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE figures_of_gone (
        day         INTEGER NOT NULL,
        box         TEXT NOT NULL,
        kind        TEXT NOT NULL,
        calls       INTEGER NOT NULL,
        unheard     INTEGER NOT NULL,
        unheard_ms  INTEGER NOT NULL,
        ended       INTEGER NOT NULL,
        ended_ms    INTEGER NOT NULL,
        asked       INTEGER NOT NULL,
        rescued     INTEGER NOT NULL,
        wrong       INTEGER NOT NULL,
        observed    INTEGER NOT NULL,
        would_end   INTEGER NOT NULL,
        would_ms    INTEGER NOT NULL,
        PRIMARY KEY (day, box, kind)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE waits_of_gone (day INTEGER NOT NULL, box TEXT NOT NULL, waited_ms INTEGER NOT NULL) STRICT;
CREATE TABLE imported_messages (
        key         BLOB NOT NULL PRIMARY KEY,
        day         TEXT NOT NULL,
        box         TEXT NOT NULL,
        length_ms   INTEGER NOT NULL,
        verdict     TEXT NOT NULL,
        confidence  REAL NOT NULL,
        has_number  INTEGER NOT NULL,
        keys        INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE imported_calls (
        key           BLOB NOT NULL PRIMARY KEY,
        day           TEXT NOT NULL,
        box           TEXT NOT NULL,
        length_ms     INTEGER NOT NULL,
        has_number    INTEGER NOT NULL,
        -- Nothing where nobody looked for its message.
        left_message  INTEGER
    ) STRICT, WITHOUT ROWID;
INSERT INTO calls VALUES (1, '6aq6scwt0001', 1795511524250, 1795511555750, '100@default', 'pbx-1795511524.1', 'pbx-1795511524.1', 'message', '091120000001', '+4991120000001', '+491712345678', '{"id":"6aq6scwt0001","started":"2026-11-24T09:12:04.25Z","ended":"2026-11-24T09:12:35.75Z","box":"100@default","uniqueid":"pbx-1795511524.1","linkedid":"pbx-1795511524.1","channel":"PJSIP/trunk-00000001","caller":{"number":"091120000001","e164":"+4991120000001","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":"message","confidence":0.93,"reasons":[{"why":"speech","of":14.2},{"why":"number_keyed"}],"seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"mode":"enforce","ended_by":"caller","timeline":[{"start":0.0,"end":3.0,"class":"silence","at":0.2},{"start":3.0,"end":17.2,"class":"speech","at":3.2}],"audio":"audio/2026-11/example.wav","delivered":["voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"]}', 1, NULL);
INSERT INTO calls VALUES (2, '6aq6sdw20002', 1795511525250, 1795511556750, '100@default', 'pbx-1795511525.2', 'pbx-1795511525.2', 'rambler', '091120000001', '+4991120000001', '+491712345678', '{"id":"6aq6sdw20002","started":"2026-11-24T09:12:05.25Z","ended":"2026-11-24T09:12:36.75Z","box":"100@default","uniqueid":"pbx-1795511525.2","linkedid":"pbx-1795511525.2","channel":"PJSIP/trunk-00000002","caller":{"number":"091120000001","e164":"+4991120000001","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":"rambler","confidence":0.93,"reasons":[{"why":"speech","of":14.2},{"why":"number_keyed"}],"seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"mode":"enforce","ended_by":"caller","timeline":[{"start":0.0,"end":3.0,"class":"silence","at":0.2},{"start":3.0,"end":17.2,"class":"speech","at":3.2}],"audio":"audio/2026-11/example.wav","delivered":["voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"]}', 2, NULL);
INSERT INTO calls VALUES (3, '6aq6seva0003', 1795511526250, 1795511557750, '100@default', 'pbx-1795511526.3', 'pbx-1795511526.3', 'message', '091120000003', '+4991120000003', '+491712345678', '{"id":"6aq6seva0003","started":"2026-11-24T09:12:06.25Z","ended":"2026-11-24T09:12:37.75Z","box":"100@default","uniqueid":"pbx-1795511526.3","linkedid":"pbx-1795511526.3","channel":"PJSIP/trunk-00000003","caller":{"number":"091120000003","e164":"+4991120000003","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":"message","confidence":0.93,"reasons":[{"why":"speech","of":14.2},{"why":"number_keyed"}],"seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"mode":"enforce","ended_by":"caller","timeline":[{"start":0.0,"end":3.0,"class":"silence","at":0.2},{"start":3.0,"end":17.2,"class":"speech","at":3.2}],"audio":"audio/2026-11/example.wav","delivered":["voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"]}', 3, NULL);
INSERT INTO calls VALUES (4, '6aq6sftj0004', 1795511527250, 1795511558750, '100@default', 'pbx-1795511527.4', 'pbx-1795511527.4', 'rambler', '091120000004', '+4991120000004', '+491712345678', '{"id":"6aq6sftj0004","started":"2026-11-24T09:12:07.25Z","ended":"2026-11-24T09:12:38.75Z","box":"100@default","uniqueid":"pbx-1795511527.4","linkedid":"pbx-1795511527.4","channel":"PJSIP/trunk-00000004","caller":{"number":"091120000004","e164":"+4991120000004","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":"rambler","confidence":0.93,"reasons":[{"why":"speech","of":14.2},{"why":"number_keyed"}],"seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"mode":"enforce","ended_by":"caller","timeline":[{"start":0.0,"end":3.0,"class":"silence","at":0.2},{"start":3.0,"end":17.2,"class":"speech","at":3.2}],"audio":"audio/2026-11/example.wav","delivered":["voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"]}', 4, NULL);
INSERT INTO calls VALUES (5, '6aq6sgst0005', 1795511528250, 1795511559750, '100@default', 'pbx-1795511528.5', 'pbx-1795511528.5', 'hangup', '091120000005', '+4991120000005', '+491712345678', '{"id":"6aq6sgst0005","started":"2026-11-24T09:12:08.25Z","ended":"2026-11-24T09:12:39.75Z","box":"100@default","uniqueid":"pbx-1795511528.5","linkedid":"pbx-1795511528.5","channel":"PJSIP/trunk-00000005","caller":{"number":"091120000005","e164":"+4991120000005","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":"hangup","confidence":0.93,"reasons":[{"why":"speech","of":14.2},{"why":"number_keyed"}],"seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"mode":"enforce","ended_by":"caller","timeline":[{"start":0.0,"end":3.0,"class":"silence","at":0.2},{"start":3.0,"end":17.2,"class":"speech","at":3.2}],"audio":"audio/2026-11/example.wav","delivered":["voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"]}', 5, NULL);
INSERT INTO calls VALUES (6, '6aq6shs20006', 1795511529250, 1795511560750, '100@default', 'pbx-1795511529.6', 'pbx-1795511529.6', 'mutter', '091120000006', '+4991120000006', '+491712345678', '{"id":"6aq6shs20006","started":"2026-11-24T09:12:09.25Z","ended":"2026-11-24T09:12:40.75Z","box":"100@default","uniqueid":"pbx-1795511529.6","linkedid":"pbx-1795511529.6","channel":"PJSIP/trunk-00000006","caller":{"number":"091120000006","e164":"+4991120000006","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":"mutter","confidence":0.93,"reasons":[{"why":"speech","of":14.2},{"why":"number_keyed"}],"seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"mode":"enforce","ended_by":"caller","timeline":[{"start":0.0,"end":3.0,"class":"silence","at":0.2},{"start":3.0,"end":17.2,"class":"speech","at":3.2}],"audio":"audio/2026-11/example.wav","delivered":["voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"]}', 6, NULL);
INSERT INTO calls VALUES (7, '6aq6sjra0007', 1795511530250, 1795511561750, '100@default', 'pbx-1795511530.7', 'pbx-1795511530.7', 'hold_music', '091120000007', '+4991120000007', '+491712345678', '{"id":"6aq6sjra0007","started":"2026-11-24T09:12:10.25Z","ended":"2026-11-24T09:12:41.75Z","box":"100@default","uniqueid":"pbx-1795511530.7","linkedid":"pbx-1795511530.7","channel":"PJSIP/trunk-00000007","caller":{"number":"091120000007","e164":"+4991120000007","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":"hold_music","confidence":0.93,"reasons":[{"why":"speech","of":14.2},{"why":"number_keyed"}],"seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"mode":"enforce","ended_by":"caller","timeline":[{"start":0.0,"end":3.0,"class":"silence","at":0.2},{"start":3.0,"end":17.2,"class":"speech","at":3.2}],"audio":"audio/2026-11/example.wav","delivered":["voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"]}', 7, NULL);
INSERT INTO calls VALUES (8, '6aq6skqj0008', 1795511531250, 1795511562750, '100@default', 'pbx-1795511531.8', 'pbx-1795511531.8', 'aside', '091120000008', '+4991120000008', '+491712345678', '{"id":"6aq6skqj0008","started":"2026-11-24T09:12:11.25Z","ended":"2026-11-24T09:12:42.75Z","box":"100@default","uniqueid":"pbx-1795511531.8","linkedid":"pbx-1795511531.8","channel":"PJSIP/trunk-00000008","caller":{"number":"091120000008","e164":"+4991120000008","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":"aside","confidence":0.93,"reasons":[{"why":"speech","of":14.2},{"why":"number_keyed"}],"seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"mode":"enforce","ended_by":"caller","timeline":[{"start":0.0,"end":3.0,"class":"silence","at":0.2},{"start":3.0,"end":17.2,"class":"speech","at":3.2}],"audio":"audio/2026-11/example.wav","delivered":["voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"]}', 8, NULL);
INSERT INTO calls VALUES (9, '6aq6smpt0009', 1795511532250, 1795511563750, '100@default', 'pbx-1795511532.9', 'pbx-1795511532.9', 'silent', '091120000009', '+4991120000009', '+491712345678', '{"id":"6aq6smpt0009","started":"2026-11-24T09:12:12.25Z","ended":"2026-11-24T09:12:43.75Z","box":"100@default","uniqueid":"pbx-1795511532.9","linkedid":"pbx-1795511532.9","channel":"PJSIP/trunk-00000009","caller":{"number":"091120000009","e164":"+4991120000009","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":"silent","confidence":0.93,"reasons":[{"why":"speech","of":14.2},{"why":"number_keyed"}],"seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"mode":"enforce","ended_by":"caller","timeline":[{"start":0.0,"end":3.0,"class":"silence","at":0.2},{"start":3.0,"end":17.2,"class":"speech","at":3.2}],"audio":"audio/2026-11/example.wav","delivered":["voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"]}', 9, 'message');
INSERT INTO calls VALUES (10, '6aq6snp2000a', 1795511533250, 1795511564750, '100@default', 'pbx-1795511533.10', 'pbx-1795511533.10', 'no_audio', '091120000010', '+4991120000010', '+491712345678', '{"id":"6aq6snp2000a","started":"2026-11-24T09:12:13.25Z","ended":"2026-11-24T09:12:44.75Z","box":"100@default","uniqueid":"pbx-1795511533.10","linkedid":"pbx-1795511533.10","channel":"PJSIP/trunk-0000000a","caller":{"number":"091120000010","e164":"+4991120000010","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":"no_audio","confidence":0.93,"reasons":[{"why":"speech","of":14.2},{"why":"number_keyed"}],"seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"mode":"enforce","ended_by":"caller","timeline":[{"start":0.0,"end":3.0,"class":"silence","at":0.2},{"start":3.0,"end":17.2,"class":"speech","at":3.2}],"audio":"audio/2026-11/example.wav","delivered":["voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"]}', 10, NULL);
INSERT INTO calls VALUES (11, '6aq6spna000b', 1795511534250, 1795511565750, '100@default', 'pbx-1795511534.11', 'pbx-1795511534.11', 'tone', '091120000011', '+4991120000011', '+491712345678', '{"id":"6aq6spna000b","started":"2026-11-24T09:12:14.25Z","ended":"2026-11-24T09:12:45.75Z","box":"100@default","uniqueid":"pbx-1795511534.11","linkedid":"pbx-1795511534.11","channel":"PJSIP/trunk-0000000b","caller":{"number":"091120000011","e164":"+4991120000011","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":"tone","confidence":0.93,"reasons":[{"why":"speech","of":14.2},{"why":"number_keyed"}],"seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"mode":"enforce","ended_by":"caller","timeline":[{"start":0.0,"end":3.0,"class":"silence","at":0.2},{"start":3.0,"end":17.2,"class":"speech","at":3.2}],"audio":"audio/2026-11/example.wav","delivered":["voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"]}', 11, NULL);
INSERT INTO calls VALUES (12, '6aq6sqmj000c', 1795511535250, 1795511566750, '100@default', 'pbx-1795511535.12', 'pbx-1795511535.12', 'unsure', '091120000012', '+4991120000012', '+491712345678', '{"id":"6aq6sqmj000c","started":"2026-11-24T09:12:15.25Z","ended":"2026-11-24T09:12:46.75Z","box":"100@default","uniqueid":"pbx-1795511535.12","linkedid":"pbx-1795511535.12","channel":"PJSIP/trunk-0000000c","caller":{"number":"091120000012","e164":"+4991120000012","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":"unsure","confidence":0.93,"reasons":[{"why":"speech","of":14.2},{"why":"number_keyed"}],"seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"mode":"enforce","ended_by":"caller","timeline":[{"start":0.0,"end":3.0,"class":"silence","at":0.2},{"start":3.0,"end":17.2,"class":"speech","at":3.2}],"audio":"audio/2026-11/example.wav","delivered":["voicemail 100@default msg0000 at 2026-11-24T09:12:35Z"]}', 12, NULL);
INSERT INTO calls VALUES (13, '6aq6tjzj0018', 1795511563250, NULL, '100@default', 'pbx-1795511563.40', '', NULL, '091120000040', '+4991120000040', NULL, '{"id":"6aq6tjzj0018","started":"2026-11-24T09:12:43.25Z","ended":null,"box":"100@default","uniqueid":"pbx-1795511563.40","linkedid":"","channel":"PJSIP/trunk-00000028","caller":{"number":"091120000040","e164":"+4991120000040","name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","verdict":null,"confidence":0.0,"reasons":[],"seconds":{"speech":0.0,"silence":0.0,"music":0.0,"tone":0.0,"noise":0.0},"asked":[],"callback":{"number":"","e164":null,"source":"none","confirmed":false},"mode":"enforce","ended_by":null,"timeline":[],"audio":null,"delivered":[]}', 13, NULL);
INSERT INTO call_numbers VALUES ('1000000211994', 1795511524250, 1);
INSERT INTO call_numbers VALUES ('876543217194', 1795511524250, 1);
INSERT INTO call_numbers VALUES ('1000000211994', 1795511525250, 2);
INSERT INTO call_numbers VALUES ('876543217194', 1795511525250, 2);
INSERT INTO call_numbers VALUES ('3000000211994', 1795511526250, 3);
INSERT INTO call_numbers VALUES ('876543217194', 1795511526250, 3);
INSERT INTO call_numbers VALUES ('4000000211994', 1795511527250, 4);
INSERT INTO call_numbers VALUES ('876543217194', 1795511527250, 4);
INSERT INTO call_numbers VALUES ('5000000211994', 1795511528250, 5);
INSERT INTO call_numbers VALUES ('876543217194', 1795511528250, 5);
INSERT INTO call_numbers VALUES ('6000000211994', 1795511529250, 6);
INSERT INTO call_numbers VALUES ('876543217194', 1795511529250, 6);
INSERT INTO call_numbers VALUES ('7000000211994', 1795511530250, 7);
INSERT INTO call_numbers VALUES ('876543217194', 1795511530250, 7);
INSERT INTO call_numbers VALUES ('8000000211994', 1795511531250, 8);
INSERT INTO call_numbers VALUES ('876543217194', 1795511531250, 8);
INSERT INTO call_numbers VALUES ('876543217194', 1795511532250, 9);
INSERT INTO call_numbers VALUES ('9000000211994', 1795511532250, 9);
INSERT INTO call_numbers VALUES ('0100000211994', 1795511533250, 10);
INSERT INTO call_numbers VALUES ('876543217194', 1795511533250, 10);
INSERT INTO call_numbers VALUES ('1100000211994', 1795511534250, 11);
INSERT INTO call_numbers VALUES ('876543217194', 1795511534250, 11);
INSERT INTO call_numbers VALUES ('2100000211994', 1795511535250, 12);
INSERT INTO call_numbers VALUES ('876543217194', 1795511535250, 12);
INSERT INTO call_numbers VALUES ('0400000211994', 1795511563250, 13);
INSERT INTO outbox VALUES (1, '6aq6scwt0001', '100@default', 'voicemail', 'waiting', 1795511555750, 1795511555750, 0, NULL, '6aq6scwt0001', 1, 1795511524250, NULL);
INSERT INTO outbox VALUES (2, '6aq6scwt0001', '100@default', 'mail', 'waiting', 1795511555750, 1795511555750, 0, NULL, '6aq6scwt0001', 1, 1795511524250, NULL);
INSERT INTO outbox VALUES (3, '6aq6sdw20002', '100@default', 'webhook', 'waiting', 1795511556750, 1795511556750, 0, NULL, '6aq6sdw20002', 1, 1795511525250, NULL);
INSERT INTO guard VALUES ('27505209db5e157d', NULL, NULL, NULL, NULL);
INSERT INTO cases VALUES (1, '6aq6scwt0001', '', '100@default', 1795511524250, 1795511524250, NULL, NULL, NULL, 2, 1795511524250, 1, 1, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1);
INSERT INTO cases VALUES (2, '6aq6sdw20002', '', '100@default', 1795511525250, 1795511525250, NULL, NULL, NULL, 2, 1795511525250, 2, 2, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1);
INSERT INTO cases VALUES (3, '6aq6seva0003', '', '100@default', 1795511526250, 1795511526250, NULL, NULL, NULL, 2, 1795511526250, 1, 3, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1);
INSERT INTO cases VALUES (4, '6aq6sftj0004', '', '100@default', 1795511527250, 1795511527250, NULL, NULL, NULL, 2, 1795511527250, 2, 4, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1);
INSERT INTO cases VALUES (5, '6aq6sgst0005', '', '100@default', 1795511528250, 1795511528250, NULL, NULL, NULL, 2, 1795511528250, 4, 5, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1);
INSERT INTO cases VALUES (6, '6aq6shs20006', '', '100@default', 1795511529250, 1795511529250, NULL, NULL, NULL, 2, 1795511529250, 8, 6, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1);
INSERT INTO cases VALUES (7, '6aq6sjra0007', '', '100@default', 1795511530250, 1795511530250, NULL, NULL, NULL, 2, 1795511530250, 16, 7, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1);
INSERT INTO cases VALUES (8, '6aq6skqj0008', '', '100@default', 1795511531250, 1795511531250, NULL, NULL, NULL, 2, 1795511531250, 32, 8, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1);
INSERT INTO cases VALUES (9, '6aq6smpt0009', '', '100@default', 1795511532250, 1795511532250, NULL, NULL, NULL, 2, 1795511532250, 1, 9, NULL, NULL, NULL, 0, NULL, NULL, NULL, 2);
INSERT INTO cases VALUES (10, '6aq6snp2000a', '', '100@default', 1795511533250, 1795511533250, NULL, NULL, NULL, 2, 1795511533250, 128, 10, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1);
INSERT INTO cases VALUES (11, '6aq6spna000b', '', '100@default', 1795511534250, 1795511534250, NULL, NULL, NULL, 2, 1795511534250, 256, 11, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1);
INSERT INTO cases VALUES (12, '6aq6sqmj000c', '', '100@default', 1795511535250, 1795511535250, NULL, NULL, NULL, 2, 1795511535250, 512, 12, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1);
INSERT INTO cases VALUES (13, '6aq6tjzj0018', '', '100@default', 1795511563250, 1795511563250, NULL, NULL, NULL, 0, NULL, 0, NULL, NULL, NULL, NULL, 1, 1796014532693, 1796007332693, NULL, 2);
INSERT INTO case_events VALUES (1, 13, 1796007332663, 'anna', 'command', 'claim', NULL, NULL, NULL);
INSERT INTO case_events VALUES (2, 13, 1796007332680, 'anna', 'command', 'note', 'call after two', NULL, NULL);
INSERT INTO case_events VALUES (3, 13, 1796007332693, 'anna', 'command', 'not_reached', 'engaged', NULL, NULL);
INSERT INTO case_events VALUES (4, 9, 1796007332950, 'anna', 'command', 'judged', 'a quiet voice', '6aq6smpt0009', 'message');
INSERT INTO case_texts VALUES (1, 1, 'Jürgen Müller');
INSERT INTO case_texts VALUES (2, 2, 'Jürgen Müller');
INSERT INTO case_texts VALUES (3, 3, 'Jürgen Müller');
INSERT INTO case_texts VALUES (4, 4, 'Jürgen Müller');
INSERT INTO case_texts VALUES (5, 5, 'Jürgen Müller');
INSERT INTO case_texts VALUES (6, 6, 'Jürgen Müller');
INSERT INTO case_texts VALUES (7, 7, 'Jürgen Müller');
INSERT INTO case_texts VALUES (8, 8, 'Jürgen Müller');
INSERT INTO case_texts VALUES (9, 9, 'Jürgen Müller');
INSERT INTO case_texts VALUES (10, 10, 'Jürgen Müller');
INSERT INTO case_texts VALUES (11, 11, 'Jürgen Müller');
INSERT INTO case_texts VALUES (12, 12, 'Jürgen Müller');
INSERT INTO case_texts VALUES (13, 13, 'call after two');
INSERT INTO case_texts VALUES (14, 13, 'engaged');
INSERT INTO case_texts VALUES (15, 9, 'a quiet voice');
INSERT INTO tokens VALUES ('crm', X'684cb8e8d8f953af7409563c75a8a4e47cbb8f3d995da8f06cf6b6fb52c915dc', 'work', '["100@default"]', 1796007332986, NULL, 1803783332986);
INSERT INTO corrections VALUES (9, 'message', 'anna', 'command', 1796007332950, 'a quiet voice');
INSERT INTO local_offsets VALUES (0, 0);
INSERT INTO figures VALUES (20781, '100@default', 'aside', 1, 1, 7200, 0, 0, 0, 1, 0, 0, 0, 0);
INSERT INTO figures VALUES (20781, '100@default', 'hangup', 1, 1, 7200, 0, 0, 0, 1, 0, 0, 0, 0);
INSERT INTO figures VALUES (20781, '100@default', 'hold_music', 1, 1, 7200, 0, 0, 0, 1, 0, 0, 0, 0);
INSERT INTO figures VALUES (20781, '100@default', 'message', 2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0);
INSERT INTO figures VALUES (20781, '100@default', 'mutter', 1, 1, 7200, 0, 0, 0, 1, 0, 0, 0, 0);
INSERT INTO figures VALUES (20781, '100@default', 'no_audio', 1, 1, 7200, 0, 0, 0, 1, 0, 0, 0, 0);
INSERT INTO figures VALUES (20781, '100@default', 'rambler', 2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0);
INSERT INTO figures VALUES (20781, '100@default', 'silent', 1, 1, 7200, 0, 0, 0, 1, 1, 0, 0, 0);
INSERT INTO figures VALUES (20781, '100@default', 'tone', 1, 1, 7200, 0, 0, 0, 1, 0, 0, 0, 0);
INSERT INTO figures VALUES (20781, '100@default', 'unsure', 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0);
INSERT INTO keeping VALUES (1, 1795511555750, 1795511555750, 0);
INSERT INTO keeping VALUES (2, 1795511556750, 1795511556750, 0);
INSERT INTO keeping VALUES (3, 1795511557750, 1795511557750, 0);
INSERT INTO keeping VALUES (4, 1795511558750, 1795511558750, 0);
INSERT INTO keeping VALUES (5, 1795511559750, 1795511559750, 0);
INSERT INTO keeping VALUES (6, 1795511560750, 1795511560750, 0);
INSERT INTO keeping VALUES (7, 1795511561750, 1795511561750, 0);
INSERT INTO keeping VALUES (8, 1795511562750, 1795511562750, 0);
INSERT INTO keeping VALUES (9, 1795511563750, 1795511563750, 0);
INSERT INTO keeping VALUES (10, 1795511564750, 1795511564750, 0);
INSERT INTO keeping VALUES (11, 1795511565750, 1795511565750, 0);
INSERT INTO keeping VALUES (12, 1795511566750, 1795511566750, 0);
INSERT INTO imported_messages VALUES (X'ee5ece1be590dfa43d19aa72bc8e8c27ccd95f7a56519c5115f4bb98d700c9db', '2024-11-18', '100@default', 12000, 'tone', 0.9999205470085144, 1, 0);
INSERT INTO case_words (case_words) VALUES ('rebuild');
CREATE INDEX calls_started ON calls (started_ms, seq);
CREATE INDEX calls_box ON calls (box, started_ms, seq);
CREATE INDEX calls_uniqueid ON calls (uniqueid);
CREATE INDEX calls_linkedid ON calls (linkedid);
CREATE INDEX calls_unfinished ON calls (seq) WHERE ended_ms IS NULL;
CREATE INDEX call_numbers_seq ON call_numbers (seq);
CREATE INDEX outbox_order ON outbox (box, destination, seq) WHERE stage IN ('waiting', 'prepared');
CREATE INDEX cases_number ON cases (number, box, last_ms);
CREATE INDEX calls_case ON calls (case_seq, started_ms, seq) WHERE case_seq IS NOT NULL;
CREATE TRIGGER case_goes_with_its_last_call AFTER DELETE ON calls WHEN OLD.case_seq IS NOT NULL
    BEGIN
        DELETE FROM cases WHERE seq = OLD.case_seq
            AND NOT EXISTS (SELECT 1 FROM calls WHERE case_seq = OLD.case_seq);
    END;
CREATE INDEX case_events_case ON case_events (case_seq, seq);
CREATE TRIGGER case_text_is_found AFTER INSERT ON case_texts BEGIN
        INSERT INTO case_words (rowid, words) VALUES (NEW.seq, NEW.words);
    END;
CREATE TRIGGER case_text_is_gone AFTER DELETE ON case_texts BEGIN
        INSERT INTO case_words (case_words, rowid, words) VALUES ('delete', OLD.seq, OLD.words);
    END;
CREATE TRIGGER case_shows_another_call AFTER DELETE ON calls WHEN OLD.case_seq IS NOT NULL
    BEGIN
        UPDATE cases SET lead_seq = (
            SELECT seq FROM calls WHERE case_seq = OLD.case_seq ORDER BY started_ms DESC LIMIT 1)
        WHERE seq = OLD.case_seq AND lead_seq = OLD.seq;
    END;
CREATE INDEX cases_taken ON cases (urgency)
        WHERE closed_ms IS NULL AND (claimed_by IS NOT NULL OR next_try_ms IS NOT NULL);
CREATE INDEX cases_last ON cases (last_ms DESC, seq DESC, box, verdicts);
CREATE INDEX cases_open ON cases
        (urgency DESC, waiting_ms, last_ms DESC, seq, box, verdicts, next_try_ms, closed_ms)
        WHERE closed_ms IS NULL;
CREATE INDEX cases_junk ON cases (last_ms DESC, seq DESC, box, verdicts, urgency, closed_ms)
        WHERE closed_ms IS NULL AND urgency = 0;
CREATE INDEX cases_closed ON cases (closed_ms DESC, seq DESC, box, verdicts, last_ms)
        WHERE closed_ms IS NOT NULL;
CREATE INDEX cases_claimed ON cases (claimed_by) WHERE closed_ms IS NULL AND claimed_by IS NOT NULL;
CREATE INDEX cases_later ON cases (next_try_ms) WHERE closed_ms IS NULL AND next_try_ms IS NOT NULL;
CREATE INDEX calls_verdict ON calls (coalesce(corrected, verdict), started_ms, seq);
CREATE INDEX calls_corrected ON calls (started_ms, seq) WHERE corrected IS NOT NULL;
CREATE VIEW counted_calls AS
    SELECT seq, day, box, iif(is_passed_by, '', verdict) AS kind, 1 AS calls,
           is_unheard AS unheard, is_unheard * recorded_ms AS unheard_ms,
           is_unheard AND ended_by = 'guard' AS ended,
           (is_unheard AND ended_by = 'guard') * recorded_ms AS ended_ms,
           asked, rescued, coalesce(corrected != verdict, 0) AS wrong,
           mode = 'observe' AND NOT is_passed_by AS observed,
           mode = 'observe' AND would_s IS NOT NULL AS would_end,
           iif(mode = 'observe', CAST(round(1000 * coalesce(would_s, 0)) AS INTEGER), 0) AS would_ms
    FROM (
        SELECT *,
               ended_by IN ('refused', 'straight', 'turned_away') AS is_passed_by,
               verdict NOT IN ('message', 'rambler', 'unsure') AND mode != 'observe' AND watched IS NULL
                   AND ended_by IN ('caller', 'guard', 'limit', 'exit') AS is_unheard
        FROM (
            SELECT seq, box, verdict, corrected,
                   (started_ms + coalesce((SELECT offset_ms FROM local_offsets WHERE from_ms <= started_ms
                                           ORDER BY from_ms DESC LIMIT 1), 0)) / 86400000 AS day,
                   coalesce(r ->> '$.ended_by', '') AS ended_by,
                   coalesce(r ->> '$.mode', '') AS mode,
                   r ->> '$.watched' AS watched,
                   r ->> '$.would_have.saved_s' AS would_s,
                   max(CAST(round(1000 * (
                       coalesce(r ->> '$.seconds.speech', 0) + coalesce(r ->> '$.seconds.silence', 0)
                       + coalesce(r ->> '$.seconds.music', 0) + coalesce(r ->> '$.seconds.tone', 0)
                       + coalesce(r ->> '$.seconds.noise', 0))) AS INTEGER) - 10000, 0) AS recorded_ms,
                   EXISTS (SELECT 1 FROM json_each(r, '$.asked')
                           WHERE CASE type WHEN 'object' THEN value ->> '$.prompt' END
                           IN ('greeting-withheld', 'number-first', 'enter-number')) AS asked,
                   coalesce(r ->> '$.callback.source' IN ('keyed', 'keyed_confirmed')
                       AND (r ->> '$.caller.presentation' != 'shown'
                            OR coalesce(r ->> '$.callback.e164', r ->> '$.callback.number')
                               != coalesce(r ->> '$.caller.e164', r ->> '$.caller.number')), 0) AS rescued
            FROM (SELECT seq, started_ms, box, verdict, corrected, iif(json_valid(record), record, '{}') AS r
                  FROM calls WHERE ended_ms IS NOT NULL AND verdict IS NOT NULL)));
CREATE VIEW counting AS SELECT NULL AS seq, NULL AS sign;
CREATE TRIGGER call_is_counted_in_sums INSTEAD OF INSERT ON counting BEGIN
        INSERT INTO figures
        SELECT day, box, kind, NEW.sign * calls, NEW.sign * unheard, NEW.sign * unheard_ms, NEW.sign * ended,
               NEW.sign * ended_ms, NEW.sign * asked, NEW.sign * rescued, NEW.sign * wrong, NEW.sign * observed,
               NEW.sign * would_end, NEW.sign * would_ms
        FROM counted_calls WHERE seq = NEW.seq
        ON CONFLICT (day, box, kind) DO UPDATE SET
            calls = calls + excluded.calls, unheard = unheard + excluded.unheard,
            unheard_ms = unheard_ms + excluded.unheard_ms, ended = ended + excluded.ended,
            ended_ms = ended_ms + excluded.ended_ms, asked = asked + excluded.asked,
            rescued = rescued + excluded.rescued, wrong = wrong + excluded.wrong, observed = observed + excluded.observed,
            would_end = would_end + excluded.would_end, would_ms = would_ms + excluded.would_ms;
    END;
CREATE TRIGGER call_comes_to_figures AFTER INSERT ON calls BEGIN
        INSERT INTO counting (seq, sign) VALUES (NEW.seq, 1);
    END;
CREATE TRIGGER call_leaves_figures BEFORE DELETE ON calls BEGIN
        INSERT INTO counting (seq, sign) VALUES (OLD.seq, -1);
    END;
CREATE TRIGGER call_was_counted BEFORE UPDATE OF started_ms, ended_ms, box, verdict, corrected, record ON calls BEGIN
        INSERT INTO counting (seq, sign) VALUES (OLD.seq, -1);
    END;
CREATE TRIGGER call_is_counted AFTER UPDATE OF started_ms, ended_ms, box, verdict, corrected, record ON calls BEGIN
        INSERT INTO counting (seq, sign) VALUES (NEW.seq, 1);
    END;
CREATE INDEX cases_spoken_to ON cases (closed_ms, box, waiting_ms, closed_by)
        WHERE closed_by IN ('answered', 'called_back', 'reached') AND waiting_ms IS NOT NULL;
CREATE INDEX keeping_look ON keeping (look_ms) WHERE look_ms IS NOT NULL;
CREATE INDEX waits_of_gone_day ON waits_of_gone (day, box);
UPDATE sqlite_sequence SET seq = 3 WHERE name = 'outbox';
COMMIT;
PRAGMA user_version = 16;
