create table job (
    id uuid primary key,
    kind text not null,
    payload text not null,
    state text not null check (state in ('ready', 'running', 'done', 'dead', 'cancelled')),
    priority integer not null,
    run_at timestamptz not null,
    attempts integer not null default 0,
    most_attempts integer not null,
    dedupe_key text,
    keep_key boolean not null,
    lease_owner uuid,
    lease_until timestamptz,
    progress integer not null default 0,
    progress_text text,
    last_error text,
    correlation uuid,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz
);
create unique index job_dedupe on job (kind, dedupe_key) where dedupe_key is not null;
create index job_due on job (priority desc, run_at) where state = 'ready';
create index job_running on job (lease_until) where state = 'running';
create index job_finished on job (state, finished_at) where state in ('done', 'dead', 'cancelled');
create table job_schedule (
    name text primary key,
    kind text not null,
    cron text not null,
    zone text not null,
    payload text not null,
    next_at timestamptz not null,
    last_at timestamptz
);
