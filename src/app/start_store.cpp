// The first steps of a start: data directory, store, identities.
#include <fmt/format.h>

#include "src/app/founding.hpp"
#include "src/app/running_service.hpp"
#include "src/audit/verify.hpp"
#include "src/config/seed.hpp"
#include "src/observe/log.hpp"
#include "src/store/seal.hpp"

namespace claviger::app {
namespace {

// Why CreateHsm could not take it; empty: nothing speaks against it. The HSM's own host has the last word.
std::string why_not_usable(const config::Hsm& hsm) {
    const auto trouble = [](std::string_view what, const std::filesystem::path& path) -> std::string {
        std::error_code failed;
        if (!path.has_parent_path() || std::filesystem::exists(path, failed)) {
            return {};
        }
        return fmt::format("its {} {} {}", what, path.string(),
                           failed ? "cannot be looked at: " + failed.message() : "does not exist");
    };
    if (std::string why = trouble("PKCS#11 module", hsm.module); !why.empty()) {
        return why;
    }
    const std::filesystem::path& file = hsm.officer_pin_file;
    if (file.empty()) {
        return {};
    }
    if (std::string why = trouble("officer-pin-file", file); !why.empty()) {
        return why;
    }
    constexpr auto kOthers = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    std::error_code unknown;
    const auto mode = std::filesystem::status(file, unknown).permissions();
    if (!store::in_credentials_directory(file) && !unknown &&
        (mode & kOthers) != std::filesystem::perms::none) {
        return fmt::format("its officer-pin-file {} can be read by other users: chmod 0600 it",
                           file.string());
    }
    return {};
}

}  // namespace

Status<> Service::open_store() {
    auto directory = DataDirectory::open(layout_.root);
    if (!directory) {
        return std::move(directory).error();
    }
    directory_.emplace(*std::move(directory));

    const std::filesystem::path& key_file = config_.service.sealing_key;
    const bool there = std::filesystem::exists(key_file);
    if (!there && std::filesystem::exists(layout_.store())) {
        return Error(Errc::bad_config,
                     fmt::format("{}: the sealing key is missing, and the store in {} opens with no other: "
                                 "put it back",
                                 key_file.string(), layout_.root.string()));
    }
    if (!there && !std::filesystem::is_directory(key_file.parent_path())) {
        return Error(Errc::bad_config,
                     fmt::format("service.sealing-key {}: its directory does not exist: make it, for the "
                                 "user of the service alone (mode 0700)",
                                 key_file.string()));
    }
    auto key = there ? store::SealingKey::load(key_file) : store::SealingKey::create(key_file, random_);
    if (!key) {
        return std::move(key).error();
    }
    sealing_key_.emplace(*std::move(key));

    auto outbox = audit::OutboxWriter::open(audit_options("store", {}), clock_);
    if (!outbox) {
        return std::move(outbox).error();
    }
    outbox_ = *std::move(outbox);
    const auto audited = audit::newest_store_sequence(config_.audit.directory);
    if (!audited) {
        return audited.error();
    }
    store::SqliteOptions options;
    options.path = layout_.store();
    options.kind = settings_.kind == Kind::dev ? store::StoreKind::dev : store::StoreKind::production;
    options.audited_sequence = *audited;
    options.older_store =
        settings_.older_store == OlderStore::accept ? store::OlderStore::accept : store::OlderStore::refuse;
    options.drain = [&outbox = *outbox_](std::span<const store::OutboxRecord> records) {
        for (const store::OutboxRecord& record : records) {
            outbox.add(record.id, record.sequence, record.record);
        }
        return outbox.flush();
    };
    options.sync_drained = [&outbox = *outbox_] { return outbox.sync(); };
    auto store = store::SqliteStore::open(std::move(options), *sealing_key_, random_);
    if (!store) {
        return std::move(store).error();
    }
    store_ = *std::move(store);
    return load_contents();
}

Status<> Service::load_contents() {
    auto contents = store_->load();
    if (!contents) {
        return std::move(contents).error();
    }
    contents_ = *std::move(contents);
    for (const std::string& sentence : contents_.refused) {
        observe::error("store.row_refused", {{"reason", sentence}});
    }
    if (!contents_.refused_foundation.empty()) {
        return Error(Errc::integrity, contents_.refused_foundation.front() +
                                          ": the service does not start without it; restore the store "
                                          "from a backup");
    }
    Status<> clock = life_.load(contents_);
    return clock ? leaps_.load(contents_) : std::move(clock);
}

// What a start would fail for after it has founded a cluster, which takes seconds and leaves tokens behind.
Status<> Service::check_surroundings() {
    const bool dev = settings_.kind == Kind::dev;
    const auto check = [dev](const config::Endpoint& wanted, std::string_view option,
                             std::string_view setting) {
        Status<> can = http::check_endpoint({wanted.address, wanted.port});
        if (!can) {
            can.error().detail += fmt::format(" ({})", dev ? option : setting);
        }
        return can;
    };
    if (Status<> can = check(config_.http.listen, "--listen", "http.listen"); !can) {
        return can;
    }
    if (Status<> can = check(config_.http.admin_listen, "--admin-listen", "http.admin-listen"); !can) {
        return can;
    }
    // A cluster that was founded serves without an HSM whose module has gone.
    const bool founds = default_cluster(contents_) == nullptr;
    for (const config::Hsm& hsm : config_.hsms) {
        // A bare name is looked up by the dynamic linker.
        if (founds && hsm.module.has_parent_path() && !std::filesystem::exists(hsm.module)) {
            return Error(Errc::bad_config,
                         fmt::format("{}: its PKCS#11 module {} does not exist: install it, or name "
                                     "another with {}",
                                     hsm.name, hsm.module.string(), dev ? "--module" : "hsm.module"));
        }
    }
    for (const config::Hsm& hsm : config_.pool) {
        if (const std::string why = why_not_usable(hsm); !why.empty()) {
            observe::warn("pool.entry_not_usable", {{"hsm", hsm.name}, {"reason", why}});
        }
    }
    if (!settings_.seed.empty()) {
        if (const Result<config::Seed> seed = config::Seed::load(settings_.seed); !seed) {
            return seed.error();
        }
    }
    return done;
}

Status<> Service::open_identities() {
    if (contents_.access_keys.empty() && !contents_.refused.empty()) {
        // A fresh key would hand the service to whoever damaged the rows of the real ones.
        return Error(Errc::integrity, "no access key of the store verifies, the first finding is: " +
                                          contents_.refused.front() + ": restore the store from a backup");
    }
    const bool dev = settings_.kind == Kind::dev;  // it tells the key at each start, in DIR/env
    if (Status<> made = ensure_first_access_key(*store_, contents_, *sealing_key_, config_.service.account,
                                                dev ? "dev" : "admin", clock_.wall(), random_,
                                                dev ? std::filesystem::path() : layout_.first_access_key());
        !made) {
        return made;
    }
    if (contents_.access_keys.empty()) {
        if (Status<> loaded = load_contents(); !loaded) {
            return loaded;
        }
    }
    auto arena = auth::SecretArena::create(settings_.kind == Kind::dev ? auth::Locking::preferred
                                                                       : auth::Locking::required);
    if (!arena) {
        return std::move(arena).error();
    }
    arena_ = *std::move(arena);
    std::vector<std::string> refused;
    auto published = std::make_shared<auth::Credentials>();
    for (AccessKey& key : open_access_keys(contents_, *sealing_key_, refused)) {
        auto secret = arena_->store_signing_secret(as_text(key.secret.reveal(SecretAccess{})));
        if (!secret) {
            return std::move(secret).error();
        }
        auth::AccessKey entry;
        entry.signing_secret = *std::move(secret);
        entry.principal = std::make_shared<const policy::Principal>(std::move(key.principal));
        if (Status<> added = published->add(key.id, std::move(entry)); !added) {
            return added;
        }
    }
    for (const std::string& sentence : refused) {
        observe::error("identity.refused", {{"reason", sentence}});
    }
    credentials_.publish(std::move(published));
    return done;
}

audit::FileOptions Service::audit_options(std::string writer, std::function<std::uint64_t()> sequence) const {
    const config::Audit& audit = config_.audit;
    audit::FileOptions options;
    options.directory = audit.directory;
    options.writer = std::move(writer);
    options.sync = audit.sync == config::AuditSync::always ? audit::Sync::always : audit::Sync::off;
    options.rotate_bytes = audit.rotate_bytes;
    options.store_sequence = std::move(sequence);
    return options;
}

}  // namespace claviger::app
