create table accounts (
    id uuid primary key,
    email text not null,
    email_key text not null unique,
    name text,
    locale text,
    password_hash text,
    password_changed_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table identities (
    id uuid primary key,
    account_id uuid not null references accounts (id) on delete cascade,
    provider text not null,
    subject text not null,
    email text,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    unique (provider, subject)
);
create index identities_account on identities (account_id);

create table devices (
    hash bytea primary key,
    account_id uuid not null references accounts (id) on delete cascade,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null
);
create index devices_account on devices (account_id);

create table challenges (
    id uuid primary key,
    kind text not null,
    token bytea unique,
    account_id uuid references accounts (id) on delete cascade,
    data text not null,
    attempts integer not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index challenges_account on challenges (account_id, kind);
create index challenges_expiry on challenges (expires_at);

create table mail_changes (
    id uuid primary key,
    account_id uuid not null unique references accounts (id) on delete cascade,
    email text not null,
    old_token bytea unique,
    new_token bytea unique,
    old_confirmed_at timestamptz,
    new_confirmed_at timestamptz,
    created_at timestamptz not null,
    expires_at timestamptz not null
);

create table throttles (
    name text primary key,
    count integer not null,
    last_at timestamptz not null,
    expires_at timestamptz not null
);
create index throttles_expiry on throttles (expires_at);
