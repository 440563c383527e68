// The embedded store: one SQLite file, one writer thread, group commit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "src/store/seal.hpp"
#include "src/store/store.hpp"

namespace claviger::store {

// Fixed when the store is born; each command refuses the other kind.
enum class StoreKind : std::uint8_t { dev = 1, production = 2 };  // stored values

// What happens to a store that is older than the newest audit record.
enum class OlderStore { refuse, accept };

// One audit record of a committed transaction on its way to the audit files. Ids rise for the whole life of
// the store, also over a restore, so a sink that knows its newest id knows which records it has.
struct OutboxRecord {
    std::uint64_t id;
    std::uint64_t sequence;  // of the commit
    std::string record;      // one JSON object
};

struct SqliteOptions {
    std::filesystem::path path;  // ":memory:" for tests: the same code without a file
    StoreKind kind = StoreKind::production;
    std::uint64_t audited_sequence = 0;  // the newest store sequence in the audit files
    OlderStore older_store = OlderStore::refuse;
    // Appends records to the audit files in order; all or none; ids it has already are skipped. Called on the
    // writer thread after each commit, and from open() for what an earlier process left. A failure is tried
    // again later.
    std::function<Status<>(std::span<const OutboxRecord>)> drain;
    // Brings what was drained to the disk; called before the outbox forgets it.
    std::function<Status<>()> sync_drained;
};

// See Store. Errors are values; open() fails with bad_config (wrong kind, newer version, wrong sealing key,
// in use), integrity (rows put back, removed or exchanged; changed schema; older than the audit files) or
// io_error. The sealing key may go after open(). The destructor finishes what was submitted; nothing may be
// submitted then.
class SqliteStore final : public Store {
public:
    static Result<std::unique_ptr<SqliteStore>> open(SqliteOptions options, const SealingKey& key,
                                                     Random& random);
    ~SqliteStore() override;

    void submit(Work work, Completion done) override;
    Result<Contents> load() override;  // not from Work, Completion or observer
    std::uint64_t sequence() const noexcept override;
    void observe(std::function<void(const Change&)> observer) override;

    StoreKind kind() const noexcept;
    const std::string& id() const noexcept;         // a UUID, drawn at birth
    std::uint64_t commits() const noexcept;         // durable commits of this process
    std::uint64_t outbox_backlog() const noexcept;  // records the audit files have not taken yet

private:
    class Impl;
    explicit SqliteStore(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

}  // namespace claviger::store
