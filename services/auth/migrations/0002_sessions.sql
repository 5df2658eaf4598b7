create table sessions (
    id uuid primary key,
    account_id uuid not null references accounts (id) on delete cascade,
    method text not null,
    mode text not null,
    address text,
    agent text,
    created_at timestamptz not null,
    confirmed_at timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    ended_why text
);
create index sessions_account on sessions (account_id, id);
create index sessions_expiry on sessions (expires_at);

create table refresh_tokens (
    hash bytea primary key,
    session_id uuid not null references sessions (id) on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    seed bytea
);
create index refresh_tokens_session on refresh_tokens (session_id);
create index refresh_tokens_expiry on refresh_tokens (expires_at);

-- No foreign key: a revocation outlives the session and the account, as tokens do.
create table revocations (
    session_id uuid primary key,
    revoked_at timestamptz not null,
    until timestamptz not null
);
create index revocations_time on revocations (revoked_at);
