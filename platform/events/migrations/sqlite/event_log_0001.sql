-- A number is never given again, or a reader that has passed it would miss what took it over.
create table event_log (
    seq integer primary key autoincrement,
    id blob not null unique,
    appended_at text not null,
    envelope text not null
);
create index event_log_appended on event_log (appended_at);
create table event_log_trimmed (
    only_row integer primary key check (only_row = 1),
    before integer not null
);
insert into event_log_trimmed (only_row, before) values (1, 1);
