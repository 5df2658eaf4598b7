-- A comment is on an annotation or on a chart.
create table comment_on (
    id uuid primary key,
    annotation_id uuid references annotation (id) on delete cascade,
    chart_id uuid references chart (id) on delete cascade,
    parent_id uuid references comment_on (id) on delete cascade,
    author_id uuid references profile (id) on delete set null,
    body text,
    depth integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    check ((annotation_id is null) <> (chart_id is null))
);
insert into comment_on (id, annotation_id, parent_id, author_id, body, depth, created_at, updated_at)
select id, annotation_id, parent_id, author_id, body, depth, created_at, updated_at from comment;
drop table comment;
alter table comment_on rename to comment;
create index comment_annotation on comment (annotation_id, id);
create index comment_chart on comment (chart_id, id);
create index comment_parent on comment (parent_id);
create index comment_author on comment (author_id);

-- What is looked for when somebody or a workspace goes, and when it is over.
create index annotation_workspace on annotation (workspace_id);
create index invitation_inviter on invitation (invited_by);
create index invitation_email on invitation (email);
create index invitation_expiry on invitation (expires_at);
create index data_export_expiry on data_export (expires_at);
