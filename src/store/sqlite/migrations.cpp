#include "src/store/sqlite/migrations.hpp"

#include <array>
#include <string>

namespace claviger::store::sqlite {
namespace {

// STRICT: a column holds its declared type or the write fails. WITHOUT ROWID: the primary key's tree is the
// table, so no index can disagree with the rows.
constexpr std::array<std::string_view, 7> kMigrations{
    R"sql(
CREATE TABLE store_state (
    one INTEGER PRIMARY KEY CHECK (one = 1), kind INTEGER NOT NULL, store_id TEXT NOT NULL, key_id BLOB NOT NULL,
    sequence INTEGER NOT NULL, tables BLOB NOT NULL, seal BLOB NOT NULL
) STRICT;
CREATE TABLE accounts (
    id TEXT NOT NULL, alias TEXT NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE TABLE principals (
    arn TEXT NOT NULL, account TEXT NOT NULL, name TEXT NOT NULL, principal_id TEXT NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (arn)
) STRICT, WITHOUT ROWID;
CREATE TABLE access_keys (
    id TEXT NOT NULL, owner_arn TEXT NOT NULL, sealed_secret BLOB NOT NULL, active INTEGER NOT NULL,
    created INTEGER NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
    account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL, cluster TEXT NOT NULL, state INTEGER NOT NULL,
    spec TEXT NOT NULL, usage TEXT NOT NULL, origin TEXT NOT NULL, description TEXT NOT NULL, policy TEXT NOT NULL,
    multi_region INTEGER NOT NULL, tags BLOB NOT NULL, created INTEGER NOT NULL, deletion_date INTEGER,
    pending_window_days INTEGER NOT NULL, current_material TEXT NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (account, region, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE materials (
    account TEXT NOT NULL, region TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, key_token BLOB NOT NULL,
    created INTEGER NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (account, region, key, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE aliases (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, target TEXT NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE clusters (
    id TEXT NOT NULL, state TEXT NOT NULL, cwk_generation INTEGER NOT NULL, recovery_bundle BLOB NOT NULL,
    recovery_public BLOB NOT NULL, check_token BLOB NOT NULL, identity_token BLOB NOT NULL,
    certificate_pem TEXT NOT NULL, trust_anchor_pem TEXT NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE TABLE hsms (
    id TEXT NOT NULL, cluster TEXT NOT NULL, zone TEXT NOT NULL, serial TEXT NOT NULL, state TEXT NOT NULL,
    sealed_officer_pin BLOB NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE TABLE settings (
    name TEXT NOT NULL, value BLOB NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
    id INTEGER NOT NULL, sequence INTEGER NOT NULL, record TEXT NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
CREATE TABLE grants (
    account TEXT NOT NULL, region TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    grantee TEXT NOT NULL, retiring TEXT NOT NULL, issuer TEXT NOT NULL, operations BLOB NOT NULL,
    context_equals BLOB NOT NULL, context_subset BLOB NOT NULL, created INTEGER NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (account, region, key, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE rotation_schedules (
    account TEXT NOT NULL, region TEXT NOT NULL, key TEXT NOT NULL, period_days INTEGER NOT NULL, next INTEGER NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (account, region, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE rotations (
    account TEXT NOT NULL, region TEXT NOT NULL, key TEXT NOT NULL, material TEXT NOT NULL, type INTEGER NOT NULL,
    date INTEGER NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (account, region, key, material)
) STRICT, WITHOUT ROWID;
CREATE TABLE key_usages (
    account TEXT NOT NULL, region TEXT NOT NULL, key TEXT NOT NULL, operation TEXT NOT NULL, time INTEGER NOT NULL,
    event_id TEXT NOT NULL, request_id TEXT NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (account, region, key)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
CREATE TABLE cloudhsm_clusters (
    id TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, state INTEGER NOT NULL,
    state_message TEXT NOT NULL, hsm_type TEXT NOT NULL, mode TEXT NOT NULL, network_type TEXT NOT NULL,
    retention_days INTEGER NOT NULL, subnets BLOB NOT NULL, vpc TEXT NOT NULL, security_group TEXT NOT NULL,
    source_backup TEXT NOT NULL, csr_pem TEXT NOT NULL, hsm_certificate_pem TEXT NOT NULL,
    aws_hardware_pem TEXT NOT NULL, manufacturer_hardware_pem TEXT NOT NULL, logged_out INTEGER NOT NULL,
    tags BLOB NOT NULL, created INTEGER NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE TABLE cloudhsm_hsms (
    id TEXT NOT NULL, cluster TEXT NOT NULL, zone TEXT NOT NULL, subnet TEXT NOT NULL, eni TEXT NOT NULL,
    ip TEXT NOT NULL, state INTEGER NOT NULL, state_message TEXT NOT NULL, place TEXT NOT NULL,
    created INTEGER NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
CREATE TABLE cluster_users (
    cluster TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, password_hash BLOB NOT NULL,
    created INTEGER NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (cluster, name)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
CREATE TABLE key_stores (
    account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, cluster TEXT NOT NULL,
    trust_anchor_pem TEXT NOT NULL, state INTEGER NOT NULL, error_code TEXT NOT NULL, sealed_password BLOB NOT NULL,
    created INTEGER NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (account, region, id)
) STRICT, WITHOUT ROWID;
ALTER TABLE keys ADD COLUMN key_store TEXT NOT NULL DEFAULT '';
)sql",
    R"sql(
CREATE TABLE backups (
    id TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, cluster TEXT NOT NULL, state INTEGER NOT NULL,
    created INTEGER NOT NULL, copied INTEGER, deletion INTEGER, never_expires INTEGER NOT NULL,
    source_region TEXT NOT NULL, source_backup TEXT NOT NULL, source_cluster TEXT NOT NULL, hsm_type TEXT NOT NULL,
    mode TEXT NOT NULL, tags BLOB NOT NULL, policy TEXT NOT NULL, digest BLOB NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
ALTER TABLE clusters ADD COLUMN lineage TEXT NOT NULL DEFAULT '';
)sql",
    R"sql(
CREATE TABLE imports (
    account TEXT NOT NULL, region TEXT NOT NULL, key TEXT NOT NULL, material TEXT NOT NULL, status INTEGER NOT NULL,
    description TEXT NOT NULL, valid_to INTEGER, public_key BLOB NOT NULL, created INTEGER NOT NULL,
    version INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (account, region, key, material)
) STRICT, WITHOUT ROWID;
ALTER TABLE keys ADD COLUMN primary_region TEXT NOT NULL DEFAULT '';
)sql",
    R"sql(
ALTER TABLE clusters ADD COLUMN membership TEXT NOT NULL DEFAULT '';
)sql",
};

}  // namespace

std::span<const std::string_view> migrations() noexcept {
    return kMigrations;
}

Status<> migrate(Database& database) {
    const Result<std::int64_t> version = database.integer("PRAGMA user_version");
    if (!version) {
        return version.error();
    }
    const auto known = static_cast<std::int64_t>(kMigrations.size());
    if (*version > known) {
        return Error(Errc::bad_config, "the store is of version " + std::to_string(*version) +
                                           ", this program knows version " + std::to_string(known) +
                                           ": start the newer program that wrote it");
    }
    if (*version < 0) {
        return Error(Errc::integrity, "the store's version is negative: the file was changed");
    }
    for (std::int64_t step = *version; step < known; ++step) {
        const Status<> applied =
            database.execute("BEGIN IMMEDIATE;" + std::string(kMigrations[static_cast<std::size_t>(step)]) +
                             "PRAGMA user_version = " + std::to_string(step + 1) + "; COMMIT;");
        if (!applied) {
            return applied;
        }
    }
    return done;
}

Status<> check_schema(Database& database) {
    Result<Database> fresh = Database::open(":memory:");
    if (!fresh) {
        return fresh.error();
    }
    const Status<> made = migrate(*fresh);
    if (!made) {
        return made;
    }
    const Result<std::vector<std::string>> expected = fresh->schema();
    if (!expected) {
        return expected.error();
    }
    const Result<std::vector<std::string>> found = database.schema();
    if (!found) {
        return found.error();
    }
    if (*found != *expected) {
        return Error(Errc::integrity, "the store's schema was changed by another program");
    }
    return done;
}

}  // namespace claviger::store::sqlite
