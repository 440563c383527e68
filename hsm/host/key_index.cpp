#include "hsm/host/key_index.hpp"

#include <algorithm>
#include <utility>

namespace claviger::host {

hsm::Key* KeyIndex::find(const link::KeyName& name) noexcept {
    const auto found = places_.find(name);
    if (found == places_.end()) {
        return nullptr;
    }
    Entry& entry = entries_[found->second];
    entry.used = true;
    return entry.key.get();
}

// The one that goes; its place is the newcomer's.
KeyIndex::Entry& KeyIndex::make_room() {
    for (;; ++hand_) {
        if (hand_ >= entries_.size()) {
            hand_ = 0;
        }
        if (!std::exchange(entries_[hand_].used, false)) {
            return entries_[hand_++];
        }
    }
}

std::vector<std::unique_ptr<hsm::Key>> KeyIndex::insert(const link::KeyName& name,
                                                        std::unique_ptr<hsm::Key> key) {
    std::vector<std::unique_ptr<hsm::Key>> gone;
    if (std::unique_ptr<hsm::Key> former = remove(name)) {
        gone.push_back(std::move(former));
    }
    if (entries_.size() < capacity_) {
        places_.emplace(name, entries_.size());
        entries_.push_back({name, std::move(key)});
        return gone;
    }
    Entry& entry = make_room();
    places_.erase(entry.name);
    gone.push_back(std::exchange(entry.key, std::move(key)));
    entry.name = name;
    places_.emplace(name, static_cast<std::size_t>(&entry - entries_.data()));
    ++evictions_;
    return gone;
}

std::unique_ptr<hsm::Key> KeyIndex::remove(const link::KeyName& name) noexcept {
    const auto found = places_.find(name);
    if (found == places_.end()) {
        return nullptr;
    }
    Entry& entry = entries_[found->second];
    std::unique_ptr<hsm::Key> key = std::move(entry.key);
    if (&entry != &entries_.back()) {
        entry = std::move(entries_.back());
        places_.at(entry.name) = found->second;
    }
    entries_.pop_back();
    places_.erase(found);
    return key;
}

void KeyIndex::clear() noexcept {
    places_.clear();
    entries_.clear();
}

Result<std::unique_ptr<hsm::Key>> load_for(link::Operation operation, hsm::Lane& lane, ByteView token,
                                           hsm::Residency residency) {
    if (operation == link::Operation::load_key || residency == hsm::Residency::session) {
        return lane.load_key(token, residency);
    }
    Result<std::unique_ptr<hsm::Key>> key = lane.load_key(token, hsm::Residency::session);
    if (!key) {
        return key;
    }
    if (Status<> resident = lane.check_resident(**key, {}); !resident) {
        const Status<> given_up = lane.destroy_key(**key, hsm::Lane::Reach::handle);
        static_cast<void>(given_up);  // a session object: it ends with the session
        return std::move(resident).error();
    }
    return key;
}

Error load_failure(Error error) {
    switch (error.code) {
        case Errc::data_invalid: error.code = Errc::integrity; return error;
        case Errc::not_found:  // its CWK is not on this token; another HSM may have it
            error.code = Errc::key_fault;
            return error;
        case Errc::internal:
        case Errc::key_not_loaded:
        case Errc::key_fault:
        case Errc::unsupported:
        case Errc::session_fault:
        case Errc::not_logged_in:
        case Errc::pin_refused:
        case Errc::hsm_fault:
        case Errc::hsm_gone:
        case Errc::overloaded:
        case Errc::deadline_exceeded:
        case Errc::no_hsm:
        case Errc::not_admitted:
        case Errc::protocol_error:
        case Errc::io_error:
        case Errc::bad_config:
        case Errc::conflict:
        case Errc::integrity: return error;
    }
    return error;
}

bool is_named(const hsm::Key& key, const link::KeyName& name) noexcept {
    return std::equal(name.key_tag.begin(), name.key_tag.end(), key.name().begin()) &&
           std::equal(name.material.begin(), name.material.end(), key.name().begin() + 16);
}

}  // namespace claviger::host
