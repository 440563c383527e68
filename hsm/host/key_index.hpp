// The loaded keys of a host; those that were not used for longest go first, nearly: a clock with one bit a
// key instead of an ordered list, whose neighbours every use would have to touch. Belongs to the loop: no
// locks.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <claviger/base/error.hpp>
#include <claviger/hsm/key.hpp>
#include <claviger/hsm/token.hpp>

#include "hsm/link/message.hpp"
#include "hsm/link/operation.hpp"

namespace claviger::host {

// Memory of one session key in SoftHSM 2.6.1, measured.
inline constexpr std::size_t kKeyFootprint = 8300;
inline constexpr std::size_t kLeastKeys = 8;

class KeyIndex {
public:
    explicit KeyIndex(std::size_t capacity) : capacity_(capacity) {}

    // nullptr: not loaded. A found key counts as used. Valid until the index changes.
    hsm::Key* find(const link::KeyName& name) noexcept;
    // Takes the key; answers what must be destroyed for it: evicted keys and a former key of the same name.
    std::vector<std::unique_ptr<hsm::Key>> insert(const link::KeyName& name, std::unique_ptr<hsm::Key> key);
    // nullptr: was not loaded.
    std::unique_ptr<hsm::Key> remove(const link::KeyName& name) noexcept;
    void clear() noexcept;
    std::size_t size() const noexcept { return entries_.size(); }
    std::uint64_t evictions() const noexcept { return evictions_; }

private:
    struct Entry {
        link::KeyName name;
        std::unique_ptr<hsm::Key> key;
        bool used = false;  // since the hand was here last
    };
    // Names are hashes already; the service sends only names of keys that its store vouches for.
    struct Hash {
        using is_avalanching = void;
        std::size_t operator()(const link::KeyName& name) const noexcept {
            std::size_t a = 0;
            std::size_t b = 0;
            std::memcpy(&a, name.key_tag.data(), sizeof a);
            std::memcpy(&b, name.material.data(), sizeof b);
            return a ^ (b * 0x9e3779b97f4a7c15U);
        }
    };
    Entry& make_room();

    std::size_t capacity_;
    std::vector<Entry> entries_;
    boost::unordered_flat_map<link::KeyName, std::size_t, Hash> places_;  // in entries_
    std::size_t hand_ = 0;  // where the next to go is looked for
    std::uint64_t evictions_ = 0;
};

// The key of a request, which one lane or the other keeps. Where keys live on the token, only load_key puts
// one there: what its owner destroyed is not brought back by a request that wants to use it, and is a
// key_fault.
Result<std::unique_ptr<hsm::Key>> load_for(link::Operation operation, hsm::Lane& lane, ByteView token,
                                           hsm::Residency residency);
// A key token that does not open says nothing about the caller's bytes: it came out of the service's store.
Error load_failure(Error error);
bool is_named(const hsm::Key& key, const link::KeyName& name) noexcept;

}  // namespace claviger::host
