-- Version 2: loans of numbers to the kiosk, what is known of a ticket's paper, the order of calls, copies.

-- Numbers lent to the kiosk for the time without the host.
CREATE TABLE loans (
    id          INTEGER PRIMARY KEY,          -- as in LendNumbers: growing, also from one store to the next
    day         TEXT NOT NULL,
    made_at     INTEGER NOT NULL,
    accepted_at INTEGER                       -- the kiosk has it in its storage, and gives nothing of older ones any more
) STRICT;

-- The table is made anew: a lent number has no press before it is taken.
CREATE TABLE tickets_2 (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    press        INTEGER UNIQUE,              -- bits of the kiosk's u64: one press, one ticket; null while lent
    day          TEXT NOT NULL,
    service      INTEGER NOT NULL,
    prefix       TEXT NOT NULL,
    number       INTEGER NOT NULL,
    priority     INTEGER NOT NULL,
    state        TEXT NOT NULL,
    loan         INTEGER REFERENCES loans (id),
    issued_at    INTEGER NOT NULL,            -- of a lent number: when it was lent, until it is taken
    issued_known INTEGER NOT NULL DEFAULT 1,  -- 0: the kiosk did not know the time; it is when the host was told
    told_at      INTEGER NOT NULL,            -- when the host heard of the press
    paper        TEXT CHECK (paper IN ('printed', 'not_printed', 'unknown')), -- null: the kiosk has not said
    cause        TEXT,
    printed_at   INTEGER,
    called_at    INTEGER,
    call_order   INTEGER,                     -- of the day's calls, from 1
    closed_at    INTEGER,
    people_before INTEGER NOT NULL,
    wait_minutes  INTEGER NOT NULL,
    UNIQUE (day, prefix, number)
) STRICT;
INSERT INTO tickets_2
        (id, press, day, service, prefix, number, priority, state, issued_at, told_at, paper, printed_at,
         called_at, call_order, closed_at, people_before, wait_minutes)
    SELECT id, press, day, service, prefix, number, priority, state, issued_at, issued_at,
           CASE state WHEN 'printed' THEN 'printed' WHEN 'not_printed' THEN 'not_printed'
                      WHEN 'print_unknown' THEN 'unknown' END,
           printed_at, called_at,
           CASE WHEN called_at IS NOT NULL THEN row_number()
               OVER (PARTITION BY day, called_at IS NULL ORDER BY called_at, id) END,
           closed_at, people_before, wait_minutes
    FROM tickets;
DROP TABLE tickets;
ALTER TABLE tickets_2 RENAME TO tickets;
CREATE INDEX tickets_of_loan ON tickets (loan) WHERE loan IS NOT NULL;

-- What the kiosk told and what cannot be: kept as it was told, for somebody to look at.
CREATE TABLE stray_tickets (
    press     INTEGER PRIMARY KEY,
    loan      INTEGER,
    ticket_id INTEGER NOT NULL,               -- bits of the u64 on the ticket's QR code
    label     TEXT,
    service   INTEGER,
    priority  INTEGER,
    taken_at  INTEGER,
    why       TEXT NOT NULL,
    paper     TEXT,
    told_at   INTEGER NOT NULL
) STRICT;

-- Copies that staff ask for. The kiosk's thread of the counter takes them up.
CREATE TABLE reprints (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    ticket   INTEGER NOT NULL REFERENCES tickets (id),
    copy     INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    begun_at INTEGER,                         -- intent: from here on something may have come out
    ended_at INTEGER,
    outcome  TEXT CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    cause    TEXT
) STRICT;
CREATE UNIQUE INDEX one_copy_at_a_time ON reprints (ticket) WHERE ended_at IS NULL;
