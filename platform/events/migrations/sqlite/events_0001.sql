create table event_outbox (
    seq integer primary key autoincrement,
    id blob not null,
    written_at text not null,
    envelope text not null
);
create table event_inbox (
    seq integer primary key autoincrement,
    group_name text not null,
    id blob not null,
    lane text not null,
    type text not null,
    happened_at text not null,
    envelope text,
    state text not null check (state in ('ready', 'done', 'dead')),
    attempts integer not null default 0,
    run_at text not null,
    lease_owner blob,
    lease_until text,
    last_error text,
    changed_at text not null,
    unique (group_name, id)
);
create index event_inbox_lane on event_inbox (group_name, lane, seq) where state = 'ready';
create index event_inbox_ready on event_inbox (group_name, seq) where state = 'ready';
create index event_inbox_settled on event_inbox (state, changed_at) where state <> 'ready';
create table event_cursor (
    group_name text primary key,
    position text not null
);
create table event_lease (
    name text primary key,
    owner blob not null,
    held_until text not null
);
