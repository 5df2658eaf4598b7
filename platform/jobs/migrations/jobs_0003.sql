-- A job that is over lets go of its key, and takes it again when it is tried again.
alter table job add column once_key text;
