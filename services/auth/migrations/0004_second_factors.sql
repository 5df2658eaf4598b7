create table totps (
    account_id uuid primary key references accounts (id) on delete cascade,
    secret bytea not null,
    created_at timestamptz not null,
    confirmed_at timestamptz,
    last_step bigint
);

create table recovery_codes (
    hash bytea primary key,
    account_id uuid not null references accounts (id) on delete cascade,
    used_at timestamptz
);
create index recovery_codes_account on recovery_codes (account_id);

create table passkeys (
    id uuid primary key,
    account_id uuid not null references accounts (id) on delete cascade,
    credential bytea not null unique,
    name text not null,
    content text not null,
    created_at timestamptz not null,
    last_used_at timestamptz
);
create index passkeys_account on passkeys (account_id, id);
