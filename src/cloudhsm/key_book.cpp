#include "src/cloudhsm/key_book.hpp"

#include "src/observe/log.hpp"

namespace claviger::cloudhsm {

std::string key_arn_prefix(std::string_view region) {
    return "arn:aws:kms:" + std::string(region);
}

void KeyBook::load(const store::Contents& contents) {
    store::Change all;
    all.keys = contents.keys;
    all.materials = contents.materials;
    all.key_stores = contents.key_stores;
    apply(all);
}

void KeyBook::apply(const store::Change& change) {
    const std::lock_guard lock(mutex_);
    for (const store::KeyStoreRecord& record : change.key_stores) {
        stores_.insert_or_assign(record.id, record.cluster);
    }
    for (const store::KeyStoreRecord& record : change.erased_key_stores) {
        stores_.erase(record.id);
    }
    for (const store::KeyRecord& record : change.keys) {
        if (!record.key_store.value().empty()) {
            Entry& entry = entries_[name_of(record, record.id)];
            entry.in = record.key_store;
            entry.key.arn =
                key_arn_prefix(record.region) + ":" + record.account.value() + ":key/" + record.id.value();
        }
    }
    for (const store::MaterialRecord& record : change.materials) {
        const auto found = entries_.find(name_of(record, record.key));
        if (found == entries_.end()) {
            continue;
        }
        auto parsed = cluster::KeyMaterial::parse(record.key_token);
        if (parsed) {
            found->second.key.material = *std::move(parsed);
        } else {
            observe::error("cloudhsm.key_token_refused",
                           {{"key", found->second.key.arn}, {"reason", parsed.error().detail}});
        }
    }
    for (const store::KeyRecord& record : change.erased_keys) {
        entries_.erase(name_of(record, record.id));
    }
    if (!change.key_stores.empty() || !change.keys.empty() || !change.materials.empty() ||
        !change.erased_keys.empty()) {
        ++version_;
    }
}

std::vector<BookedKey> KeyBook::keys(const ClusterId& cluster) const {
    const std::lock_guard lock(mutex_);
    std::vector<BookedKey> all;
    for (const auto& [name, entry] : entries_) {
        const auto in = stores_.find(entry.in);
        if (in != stores_.end() && in->second == cluster && entry.key.material != nullptr) {
            all.push_back(entry.key);
        }
    }
    return all;
}

}  // namespace claviger::cloudhsm
