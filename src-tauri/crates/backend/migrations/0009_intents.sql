-- What is about to be changed, until the audit holds what came of it. Both are written in one transaction with
-- the end of the other, so that whatever stands here when a daemon starts was cut short by the end of the last.

CREATE TABLE intents (
    id       TEXT NOT NULL PRIMARY KEY,
    records  TEXT NOT NULL
);
