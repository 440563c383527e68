// The real store, in memory, that can be told to fail. For tests and fuzz targets only.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "src/store/sqlite/sqlite_store.hpp"

namespace claviger::kms::test {

// See Store.
class TestStore final : public store::Store {
public:
    TestStore(const store::SealingKey& key, Random& random);

    void submit(Work work, Completion done) override;
    Result<store::Contents> load() override { return store_->load(); }
    std::uint64_t sequence() const noexcept override { return store_->sequence(); }
    void observe(std::function<void(const store::Change&)> observer) override {
        store_->observe(std::move(observer));
    }

    // The next transactions fail as on a full disk.
    void fail(bool failing) { failing_ = failing; }
    // A transaction that comes right before the next one: what another request did first.
    void before_next(Work work);
    // Every audit record that was committed.
    std::vector<std::string> outbox() const;

private:
    std::atomic<bool> failing_ = false;
    mutable std::mutex mutex_;
    std::optional<Work> before_;                 // guarded by mutex_
    std::vector<std::string> outbox_;            // guarded by mutex_
    std::unique_ptr<store::SqliteStore> store_;  // its writer thread uses the members above
};

}  // namespace claviger::kms::test
