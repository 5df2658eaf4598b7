-- Who is suspended is let in by nothing.
alter table accounts add column suspended_at timestamptz, add column suspension_reason text;
-- Whoever administrates looks for accounts by the beginning of their address.
create index accounts_mail on accounts (email_key text_pattern_ops);
