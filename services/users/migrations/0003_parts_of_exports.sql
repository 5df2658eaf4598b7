-- What a service knows may come in several parts.
create table data_export_part_of (
    id uuid primary key,
    export_id uuid not null references data_export (id) on delete cascade,
    service text not null,
    number integer not null,
    data text not null,
    created_at timestamptz not null,
    unique (export_id, service, number)
);
insert into data_export_part_of (id, export_id, service, number, data, created_at)
select id, export_id, service, 0, data, created_at from data_export_part;
drop table data_export_part;
alter table data_export_part_of rename to data_export_part;
