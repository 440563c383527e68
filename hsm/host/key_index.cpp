#include "hsm/host/key_index.hpp"

namespace claviger::host {

hsm::Key* KeyIndex::find(const link::KeyName& name) noexcept {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
        return nullptr;
    }
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return found->second->key.get();
}

std::vector<std::unique_ptr<hsm::Key>> KeyIndex::insert(const link::KeyName& name,
                                                        std::unique_ptr<hsm::Key> key) {
    std::vector<std::unique_ptr<hsm::Key>> gone;
    if (std::unique_ptr<hsm::Key> former = remove(name)) {
        gone.push_back(std::move(former));
    }
    while (entries_.size() >= capacity_) {
        entries_.erase(by_use_.back().name);
        gone.push_back(std::move(by_use_.back().key));
        by_use_.pop_back();
        ++evictions_;
    }
    by_use_.push_front(Entry{name, std::move(key)});
    entries_.emplace(name, by_use_.begin());
    return gone;
}

std::unique_ptr<hsm::Key> KeyIndex::remove(const link::KeyName& name) noexcept {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
        return nullptr;
    }
    std::unique_ptr<hsm::Key> key = std::move(found->second->key);
    by_use_.erase(found->second);
    entries_.erase(found);
    return key;
}

void KeyIndex::clear() noexcept {
    entries_.clear();
    by_use_.clear();
}

}  // namespace claviger::host
