create virtual table audit_text using fts5(words, content='audit', tokenize='porter unicode61');
create trigger audit_text_insert after insert on audit begin insert into audit_text (rowid, words) values (new.rowid, new.words); end;
create trigger audit_text_delete after delete on audit begin insert into audit_text (audit_text, rowid, words) values ('delete', old.rowid, old.words); end;
create trigger audit_text_update after update on audit begin insert into audit_text (audit_text, rowid, words) values ('delete', old.rowid, old.words); insert into audit_text (rowid, words) values (new.rowid, new.words); end;
insert into audit_text (audit_text) values ('rebuild');
