-- Version 1 of the counter's store. Times are milliseconds since 1970, UTC; days are local, YYYY-MM-DD.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

CREATE TABLE records (
    nik         TEXT PRIMARY KEY,
    status      TEXT NOT NULL,
    json        TEXT NOT NULL,
    imported_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tickets (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    press       INTEGER NOT NULL UNIQUE,      -- bits of the kiosk's u64: one press, one ticket
    day         TEXT NOT NULL,
    service     INTEGER NOT NULL,
    prefix      TEXT NOT NULL,
    number      INTEGER NOT NULL,
    priority    INTEGER NOT NULL,
    state       TEXT NOT NULL,
    issued_at   INTEGER NOT NULL,
    printed_at  INTEGER,
    called_at   INTEGER,
    closed_at   INTEGER,
    people_before INTEGER NOT NULL,
    wait_minutes  INTEGER NOT NULL,
    UNIQUE (day, prefix, number)
) STRICT;

CREATE TABLE applications (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    procedure  TEXT NOT NULL,
    ticket     INTEGER REFERENCES tickets (id),
    nik        TEXT NOT NULL,
    contact    TEXT NOT NULL,
    phase      TEXT NOT NULL,
    outcome    TEXT,
    opened_at  INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- What was about to be done (intent) and what came of it (event). Rows are only ever added.
CREATE TABLE journal (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    application INTEGER NOT NULL REFERENCES applications (id),
    kind        TEXT NOT NULL CHECK (kind IN ('intent', 'event')),
    body        TEXT NOT NULL,
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX journal_of_application ON journal (application, seq);
CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_never_shortened BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- Blanks delivered to this counter.
CREATE TABLE blank_batches (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    count       INTEGER NOT NULL CHECK (count > 0),
    received_at INTEGER NOT NULL
) STRICT;

-- Every blank that has left the hopper. The UID is null until, or unless, the chip could be read.
CREATE TABLE blanks (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uid         TEXT,
    application INTEGER NOT NULL REFERENCES applications (id),
    state       TEXT NOT NULL CHECK (state IN ('in_printer', 'printed', 'handed_over', 'rejected')),
    reason      TEXT CHECK ((state = 'rejected') = (reason IS NOT NULL)),
    activated   INTEGER NOT NULL DEFAULT 0,
    taken_at    INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX blanks_by_uid ON blanks (uid);
-- One application has at most one blank under way.
CREATE UNIQUE INDEX one_blank_under_way ON blanks (application) WHERE state IN ('in_printer', 'printed');
-- And at most one card of it is ever active.
CREATE UNIQUE INDEX one_active_card ON blanks (application) WHERE activated = 1;

CREATE TABLE agenda (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    application      INTEGER REFERENCES applications (id),
    ticket           TEXT,
    procedure        TEXT NOT NULL,
    sop_step         INTEGER,
    step             TEXT NOT NULL,
    role             TEXT,
    who              TEXT NOT NULL,
    started_at       INTEGER NOT NULL,
    ended_at         INTEGER NOT NULL,
    standard_seconds INTEGER,
    result           TEXT NOT NULL
) STRICT;

-- Reports to the data centre that wait for a network; one of a kind for each application.
CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    application INTEGER NOT NULL REFERENCES applications (id),
    kind        TEXT NOT NULL,
    card_uid    TEXT,
    created_at  INTEGER NOT NULL,
    sent_at     INTEGER,
    UNIQUE (application, kind)
) STRICT;
