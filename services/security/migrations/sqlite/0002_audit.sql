create table audit (
    seq bigint primary key,
    id uuid not null unique,
    at timestamptz not null,
    actor text not null,
    source text not null,
    workspace uuid,
    action text not null,
    target_kind text not null,
    target_id text not null,
    outcome text not null,
    data text not null,
    words text not null,
    hash text not null,
    seal text not null
);
create index audit_actor on audit (actor, seq);
create index audit_action on audit (action, seq);
create index audit_target on audit (target_kind, target_id, seq);
create index audit_workspace on audit (workspace, seq);
create index audit_at on audit (at);

-- The end of the chain. Who appends holds this row, so that rows are numbered in the order in which they are committed.
create table audit_head (
    only_row integer primary key check (only_row = 1),
    seq bigint not null,
    hash text not null
);
insert into audit_head (only_row, seq, hash) values (1, 0, '');

create trigger audit_is_not_changed before update on audit
begin select raise(abort, 'the audit log is append-only'); end;
create trigger audit_is_not_shortened before delete on audit
begin select raise(abort, 'the audit log is append-only'); end;
