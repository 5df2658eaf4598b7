create table event_log (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    appended_at timestamptz not null,
    envelope text not null
);
create index event_log_appended on event_log (appended_at);
create table event_log_trimmed (
    only_row integer primary key check (only_row = 1),
    before bigint not null
);
insert into event_log_trimmed (only_row, before) values (1, 1);
