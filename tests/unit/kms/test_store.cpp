#include "tests/unit/kms/test_store.hpp"

#include <stdexcept>
#include <utility>

namespace claviger::kms::test {

TestStore::TestStore(const store::SealingKey& key, Random& random) {
    store::SqliteOptions options;
    options.path = ":memory:";
    options.drain = [this](std::span<const store::OutboxRecord> records) {
        const std::lock_guard lock(mutex_);
        for (const store::OutboxRecord& record : records) {
            outbox_.push_back(record.record);
        }
        return Status<>(done);
    };
    auto opened = store::SqliteStore::open(std::move(options), key, random);
    if (!opened) {
        throw std::runtime_error(opened.error().describe());
    }
    store_ = std::move(*opened);
}

void TestStore::submit(Work work, Completion completion) {
    std::optional<Work> before;
    {
        const std::lock_guard lock(mutex_);
        before = std::exchange(before_, std::nullopt);
    }
    if (before) {
        store_->submit(*std::move(before), [](const Result<std::uint64_t>&) {});
    }
    const auto failed = std::make_shared<bool>(false);
    store_->submit(
        [this, work = std::move(work), failed](store::Txn& txn) {
            const bool keep = work(txn);
            *failed = keep && failing_;
            return keep && !*failed;
        },
        [completion = std::move(completion), failed](Result<std::uint64_t> outcome) {
            if (*failed) {
                outcome = Error(Errc::io_error, "database or disk is full");
            }
            completion(std::move(outcome));
        });
}

void TestStore::before_next(Work work) {
    const std::lock_guard lock(mutex_);
    before_ = std::move(work);
}

std::vector<std::string> TestStore::outbox() const {
    const std::lock_guard lock(mutex_);
    return outbox_;
}

}  // namespace claviger::kms::test
