-- +goose StatementBegin
CREATE FUNCTION history_is_append_only() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'history is append-only';
END;
$$ LANGUAGE plpgsql;
-- +goose StatementEnd
CREATE TRIGGER change_no_update BEFORE UPDATE OR DELETE ON change FOR EACH ROW EXECUTE FUNCTION history_is_append_only();
CREATE TRIGGER change_no_truncate BEFORE TRUNCATE ON change FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
-- +goose StatementBegin
CREATE FUNCTION chain(head TEXT, commitment TEXT) RETURNS TEXT AS $$
    SELECT encode(sha256(convert_to(head || commitment, 'UTF8')), 'hex')
$$ LANGUAGE sql IMMUTABLE;
-- +goose StatementEnd
