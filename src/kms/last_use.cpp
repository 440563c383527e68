#include "src/kms/last_use.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "hsm/link/blob.hpp"
#include "src/kms/catalogue.hpp"
#include "src/observe/log.hpp"

namespace claviger::kms {
namespace {

constexpr std::size_t kUsesPerCommit = 1000;

bool put_uses(store::Txn& txn, const std::vector<store::KeyUsageRecord>& uses) {
    for (store::KeyUsageRecord use : uses) {
        const auto key = txn.key(use.account, use.region, use.key);
        const auto old = txn.key_usage(use.account, use.region, use.key);
        if (!key || !old) {
            return false;
        }
        if (!*key) {
            continue;  // the key is gone
        }
        use.version = *old ? (**old).version : 0;
        if (!txn.put(std::move(use))) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::size_t LastUses::PlaceHash::operator()(const Place& place) const noexcept {
    std::size_t hash;  // the first byte of a tag chose the shard
    std::memcpy(&hash, place.tag.data() + 1, sizeof hash);
    return hash;
}

LastUses::Place LastUses::place_of(const AccountId& account, std::string_view region, const KeyId& key) {
    return {link::key_tag(account.value(), key.value()), std::string(region)};
}

void LastUses::load(const store::Contents& contents) {
    for (const store::KeyUsageRecord& use : contents.key_usages) {
        const Place place = place_of(use.account, use.region, use.key);
        Shard& at = shard(place);
        const std::lock_guard lock(at.mutex);
        Entry& entry = *(at.entries[place] = std::make_unique<Entry>());
        entry.account = use.account;
        entry.region = use.region;
        entry.key = use.key;
        fill(entry, {use.operation, use.time, use.event_id, use.request_id});
        entry.written = Written::yes;
    }
}

void LastUses::forget(const store::KeyRecord& key) {
    const Place place = place_of(key.account, key.region, key.id);
    Shard& at = shard(place);
    const std::lock_guard lock(at.mutex);
    at.entries.erase(place);
}

void LastUses::note(const Key& key, const Use& use) {
    const Place place{key.tag, key.record.region};
    Shard& at = shard(place);
    const std::lock_guard lock(at.mutex);
    std::unique_ptr<Entry>& entry = at.entries[place];
    const bool first = entry == nullptr;
    if (first) {
        entry = std::make_unique<Entry>();
        entry->account = key.record.account;
        entry->region = key.record.region;
        entry->key = key.record.id;
    }
    if (first || entry->written == Written::yes) {
        entry->written = Written::no;
        at.unwritten.push_back(place);
    }
    fill(*entry, use);
}

void LastUses::fill(Entry& entry, const Use& use) {
    const auto keep = [](auto& to, std::string_view text) {
        to.assign(text.data(), std::min(text.size(), to.capacity()));
    };
    entry.time = use.time;
    keep(entry.operation, use.operation);
    keep(entry.event_id, use.event_id);
    keep(entry.request_id, use.request_id);
}

store::KeyUsageRecord LastUses::record_of(const Entry& entry) {
    const auto text = [](const auto& from) { return std::string(from.begin(), from.end()); };
    return {.account = entry.account,
            .region = entry.region,
            .key = entry.key,
            .operation = text(entry.operation),
            .time = entry.time,
            .event_id = text(entry.event_id),
            .request_id = text(entry.request_id)};
}

std::optional<store::KeyUsageRecord> LastUses::of(const Key& key) const {
    const Place place{key.tag, key.record.region};
    const Shard& at = shard(place);
    const std::lock_guard lock(at.mutex);
    const auto found = at.entries.find(place);
    return found == at.entries.end() ? std::nullopt : std::optional(record_of(*found->second));
}

std::vector<store::KeyUsageRecord> LastUses::take_unwritten(std::size_t limit) {
    std::vector<store::KeyUsageRecord> taken;
    for (Shard& at : shards_) {
        const std::lock_guard lock(at.mutex);
        while (!at.unwritten.empty() && taken.size() < limit) {
            const auto found = at.entries.find(at.unwritten.back());
            at.unwritten.pop_back();
            if (found != at.entries.end() && found->second->written == Written::no) {
                found->second->written = Written::yes;
                taken.push_back(record_of(*found->second));
            }
        }
    }
    return taken;
}

void LastUses::give_back(const std::vector<store::KeyUsageRecord>& uses) {
    for (const store::KeyUsageRecord& use : uses) {
        const Place place = place_of(use.account, use.region, use.key);
        Shard& at = shard(place);
        const std::lock_guard lock(at.mutex);
        const auto found = at.entries.find(place);
        if (found != at.entries.end() && found->second->written == Written::yes) {
            found->second->written = Written::no;
            at.unwritten.push_back(place);
        }
    }
}

void write_last_uses(LastUses& uses, store::Store& store) {
    while (true) {
        auto taken =
            std::make_shared<const std::vector<store::KeyUsageRecord>>(uses.take_unwritten(kUsesPerCommit));
        if (taken->empty()) {
            return;
        }
        const bool all = taken->size() < kUsesPerCommit;
        auto work = [taken](store::Txn& txn) { return put_uses(txn, *taken); };
        store.submit(std::move(work), [&uses, taken](const Result<std::uint64_t>& committed) {
            if (!committed) {
                observe::warn("kms.last_uses_not_saved", {{"reason", committed.error().describe()}});
                uses.give_back(*taken);
            }
        });
        if (all) {
            return;
        }
    }
}

}  // namespace claviger::kms
