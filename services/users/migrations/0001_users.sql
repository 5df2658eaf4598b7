-- Who somebody is to others. The id is the account's; the row comes with the event that says somebody registered.
create table profile (
    id uuid primary key,
    email text not null,
    name text not null,
    first_name text,
    last_name text,
    organization text,
    avatar_url text,
    locale text,
    time_zone text,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

-- How somebody likes things.
create table preference (
    user_id uuid primary key references profile (id) on delete cascade,
    theme text not null,
    default_chart text not null,
    notifications boolean not null,
    collaboration boolean not null,
    updated_at timestamptz not null
);

-- Series that somebody keeps at hand.
create table saved_series (
    id uuid primary key,
    user_id uuid not null references profile (id) on delete cascade,
    series text not null,
    note text,
    created_at timestamptz not null,
    unique (user_id, series)
);

create table watchlist (
    id uuid primary key,
    user_id uuid not null references profile (id) on delete cascade,
    name text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (user_id, name)
);

create table watchlist_item (
    id uuid primary key,
    watchlist_id uuid not null references watchlist (id) on delete cascade,
    series text not null,
    note text,
    created_at timestamptz not null,
    unique (watchlist_id, series)
);

create table workspace (
    id uuid primary key,
    name text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table member (
    id uuid primary key,
    workspace_id uuid not null references workspace (id) on delete cascade,
    user_id uuid not null references profile (id) on delete cascade,
    role text not null,
    created_at timestamptz not null,
    unique (workspace_id, user_id)
);
create index member_user on member (user_id);

create table invitation (
    id uuid primary key,
    workspace_id uuid not null references workspace (id) on delete cascade,
    email text not null,
    role text not null,
    token_hash text not null unique,
    invited_by uuid not null,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    unique (workspace_id, email)
);

create table annotation (
    id uuid primary key,
    author_id uuid not null references profile (id) on delete cascade,
    workspace_id uuid references workspace (id) on delete cascade,
    visibility text not null,
    series text not null,
    first_date text not null,
    last_date text,
    title text not null,
    body text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index annotation_series on annotation (series, id);
create index annotation_author on annotation (author_id);

create table comment (
    id uuid primary key,
    annotation_id uuid not null references annotation (id) on delete cascade,
    parent_id uuid references comment (id) on delete cascade,
    author_id uuid references profile (id) on delete set null,
    body text,
    depth integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index comment_annotation on comment (annotation_id, id);
create index comment_author on comment (author_id);

create table chart (
    id uuid primary key,
    owner_id uuid not null references profile (id) on delete cascade,
    title text not null,
    description text,
    spec text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index chart_owner on chart (owner_id);

create table chart_share (
    id uuid primary key,
    chart_id uuid not null references chart (id) on delete cascade,
    user_id uuid not null references profile (id) on delete cascade,
    level text not null,
    created_at timestamptz not null,
    unique (chart_id, user_id)
);
create index chart_share_user on chart_share (user_id);

-- What every service knows of somebody, as it arrives.
create table data_export (
    id uuid primary key,
    user_id uuid not null references profile (id) on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index data_export_user on data_export (user_id);

create table data_export_part (
    id uuid primary key,
    export_id uuid not null references data_export (id) on delete cascade,
    service text not null,
    data text not null,
    created_at timestamptz not null,
    unique (export_id, service)
);
