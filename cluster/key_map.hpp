// What one io thread believes about keys: which members hold them, and which keys are hot. A wrong belief
// costs one round trip (key_not_loaded) or one key token too many, never a failure.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include <boost/unordered/unordered_flat_map.hpp>

#include <claviger/base/clock.hpp>

#include "hsm/link/message.hpp"

namespace claviger::cluster {

enum class Heat : bool { cold, hot };

using FlatName = std::array<std::byte, 32>;  // link::KeyName, flat

inline link::KeyName link_name(const FlatName& flat) noexcept {
    link::KeyName name;
    static_assert(sizeof name.key_tag + sizeof name.material == sizeof(FlatName));
    std::memcpy(name.key_tag.data(), flat.data(), name.key_tag.size());
    std::memcpy(name.material.data(), flat.data() + name.key_tag.size(), name.material.size());
    return name;
}

struct FlatNameHash {
    using is_avalanching = void;  // names are digests and random: no mixing needed
    std::size_t operator()(const FlatName& name) const noexcept;
};

// Highest score loads the key (rendezvous hashing), so that io threads agree without talking.
std::uint64_t rendezvous(const FlatName& name, std::uint32_t member) noexcept;

// Not thread-safe. Bounded: at `limit` keys everything is forgotten and learnt again.
class KeyMap {
public:
    struct Entry {
        std::uint32_t holders = 0;  // bit per member
        std::uint32_t uses = 0;     // in this window
        std::int64_t window = 0;
    };

    explicit KeyMap(std::size_t limit = 1U << 18U) : limit_(limit) {}

    // Counts one use. The reference is valid until the next call of use().
    Entry& use(const FlatName& name, MonoTime now);
    static Heat heat(const Entry& entry) noexcept;
    void learn(const FlatName& name, std::uint32_t member);
    void forget(const FlatName& name, std::uint32_t member);
    void forget_member(std::uint32_t member);  // its process ended, and its session objects with it
    std::size_t size() const noexcept { return entries_.size(); }

private:
    boost::unordered_flat_map<FlatName, Entry, FlatNameHash> entries_;
    std::size_t limit_;
};

}  // namespace claviger::cluster
