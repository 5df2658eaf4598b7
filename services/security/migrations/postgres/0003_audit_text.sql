alter table audit add column text_index tsvector
    generated always as (to_tsvector('english', coalesce(words, ''))) stored;
create index audit_text on audit using gin (text_index);
