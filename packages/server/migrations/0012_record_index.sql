-- Up Migration

-- A card's records of a billing month are few, and whoever asks for some of them has the month, and so the partition. Without
-- their times the entries of one card are kept as one list, of some 8 bytes each where it was
-- built of many, and the intake has fewer pages to touch.
create index usage_record_serial_no_idx on usage_record (serial_no);
drop index usage_record_serial_no_at_idx;
