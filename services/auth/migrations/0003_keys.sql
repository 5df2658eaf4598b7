create table signing_keys (
    id text primary key,
    sealed bytea not null,
    created_at timestamptz not null,
    signs_from timestamptz not null unique,
    verifies_until timestamptz
);

create table api_keys (
    id uuid primary key,
    account_id uuid not null references accounts (id) on delete cascade,
    name text not null,
    prefix text not null,
    hash bytea not null unique,
    scopes text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
create index api_keys_account on api_keys (account_id, id);
