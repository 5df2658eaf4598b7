-- What somebody began to do. The audit log is told of it when it ends, and it is gone from here in the same transaction.
create table deeds (
    id uuid primary key,
    begun_at timestamptz not null,
    actor text not null,
    event text not null
);
create index deeds_begun on deeds (begun_at);

-- How often roles and grants changed: all processes on this database forget their decisions when it grows.
create table access_changes (
    only_row integer primary key check (only_row = 1),
    changes bigint not null
);
insert into access_changes (only_row, changes) values (1, 0);
