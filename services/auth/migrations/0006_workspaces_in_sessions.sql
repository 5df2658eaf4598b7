-- Where a session acts. No foreign key: workspaces are another service's.
alter table sessions add column workspace uuid;
