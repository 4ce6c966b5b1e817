-- How firmwares of boards ended, as the boards told at their next start.
CREATE TABLE board_ends (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    told_at      INTEGER NOT NULL,
    board        TEXT NOT NULL,
    cause        INTEGER NOT NULL,            -- code of the protocol's ResetCause
    version      TEXT NOT NULL,
    build        INTEGER NOT NULL,
    uptime_ms    INTEGER NOT NULL,
    tasks        INTEGER NOT NULL,
    pc           INTEGER NOT NULL,
    lr           INTEGER NOT NULL,
    fault_status INTEGER NOT NULL,
    address      INTEGER NOT NULL,
    words        TEXT NOT NULL
) STRICT;
