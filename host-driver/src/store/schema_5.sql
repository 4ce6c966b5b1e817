-- Version 5: the stock as it was counted by hand, and blanks that were destroyed.
CREATE TABLE blank_counts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    counted     INTEGER NOT NULL CHECK (counted >= 0),
    expected    INTEGER NOT NULL,             -- by the ledger, at that moment
    explanation TEXT,                         -- why they differ, once somebody has found out
    who         TEXT NOT NULL,
    at          INTEGER NOT NULL
) STRICT;

-- Berita acara pemusnahan.
CREATE TABLE destructions (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    number TEXT NOT NULL UNIQUE,
    at     INTEGER NOT NULL
) STRICT;
ALTER TABLE blanks ADD COLUMN destruction INTEGER REFERENCES destructions (id);
