create table roles (
    id uuid primary key,
    workspace uuid,
    name text not null,
    name_key text not null,
    about text not null,
    permissions text not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null
);
create unique index roles_name on roles (workspace, name_key) where workspace is not null;
create unique index roles_name_everywhere on roles (name_key) where workspace is null;

create table grants (
    id uuid primary key,
    subject text not null,
    role text not null,
    place text not null,
    workspace uuid,
    resource_kind text,
    resource_id text,
    granted_at timestamptz not null,
    granted_by text not null,
    expires_at timestamptz,
    reason text,
    unique (subject, role, place)
);
create index grants_place on grants (place);
create index grants_role on grants (role);
create index grants_workspace on grants (workspace);
create index grants_expired on grants (expires_at) where expires_at is not null;
