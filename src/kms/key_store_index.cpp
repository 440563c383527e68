#include "src/kms/key_store_index.hpp"

#include <mutex>

namespace claviger::kms {

KeyStoreIndex::Name KeyStoreIndex::name_of(const store::KeyStoreRecord& record) {
    return {record.account.value(), record.region, record.id.value()};
}

void KeyStoreIndex::load(const store::Contents& contents) {
    const std::unique_lock lock(mutex_);
    for (const store::KeyStoreRecord& record : contents.key_stores) {
        stores_[name_of(record)] = std::make_shared<const store::KeyStoreRecord>(record);
    }
}

void KeyStoreIndex::apply(const store::Change& change) {
    if (change.key_stores.empty() && change.erased_key_stores.empty()) {
        return;
    }
    const std::unique_lock lock(mutex_);
    for (const store::KeyStoreRecord& record : change.erased_key_stores) {
        stores_.erase(name_of(record));
    }
    for (const store::KeyStoreRecord& record : change.key_stores) {
        stores_[name_of(record)] = std::make_shared<const store::KeyStoreRecord>(record);
    }
}

KeyStorePtr KeyStoreIndex::find(std::string_view account, std::string_view region,
                                std::string_view id) const {
    const std::shared_lock lock(mutex_);
    const auto found = stores_.find(NameView(account, region, id));
    return found == stores_.end() ? nullptr : found->second;
}

KeyStorePtr KeyStoreIndex::named(std::string_view account, std::string_view region,
                                 std::string_view name) const {
    const std::shared_lock lock(mutex_);
    for (const auto& [key, record] : stores_) {  // ten of an account and region at most
        if (record->name == name && record->account.value() == account && record->region == region) {
            return record;
        }
    }
    return nullptr;
}

std::vector<KeyStorePtr> KeyStoreIndex::after(std::string_view account, std::string_view region,
                                              std::string_view after, std::size_t limit) const {
    const std::shared_lock lock(mutex_);
    std::vector<KeyStorePtr> out;
    for (auto at = stores_.upper_bound(NameView(account, region, after)); at != stores_.end(); ++at) {
        if (out.size() == limit || at->second->account.value() != account || at->second->region != region) {
            break;
        }
        out.push_back(at->second);
    }
    return out;
}

std::vector<KeyStorePtr> KeyStoreIndex::all() const {
    const std::shared_lock lock(mutex_);
    std::vector<KeyStorePtr> out;
    out.reserve(stores_.size());
    for (const auto& [name, record] : stores_) {
        out.push_back(record);
    }
    return out;
}

}  // namespace claviger::kms
