#include "cluster/key_map.hpp"

#include <chrono>
#include <cstring>

namespace claviger::cluster {
namespace {

constexpr std::uint32_t kHotUses = 8;  // in one second and thread: loading elsewhere costs less than queueing

std::uint64_t word(const FlatName& name, std::size_t offset) noexcept {
    std::uint64_t value;
    std::memcpy(&value, name.data() + offset, sizeof value);
    return value;
}

// Finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
std::uint64_t mix(std::uint64_t value) noexcept {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

}  // namespace

std::size_t FlatNameHash::operator()(const FlatName& name) const noexcept {
    return word(name, 0) ^ word(name, 16);  // both halves are digests or random
}

std::uint64_t rendezvous(const FlatName& name, std::uint32_t member) noexcept {
    return mix(mix(word(name, 0) ^ word(name, 16)) + member + 1);
}

KeyMap::Entry& KeyMap::use(const FlatName& name, MonoTime now) {
    if (entries_.size() >= limit_ && !entries_.contains(name)) {
        entries_.clear();
    }
    Entry& entry = entries_[name];
    const std::int64_t window = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    if (entry.window != window) {
        entry.window = window;
        entry.uses = 0;
    }
    ++entry.uses;
    return entry;
}

Heat KeyMap::heat(const Entry& entry) noexcept {
    return entry.uses >= kHotUses ? Heat::hot : Heat::cold;
}

void KeyMap::learn(const FlatName& name, std::uint32_t member) {
    const auto found = entries_.find(name);
    if (found != entries_.end()) {
        found->second.holders |= 1u << member;
    }
}

void KeyMap::forget(const FlatName& name, std::uint32_t member) {
    const auto found = entries_.find(name);
    if (found != entries_.end()) {
        found->second.holders &= ~(1u << member);
    }
}

void KeyMap::forget_member(std::uint32_t member) {
    for (auto& [name, entry] : entries_) {
        entry.holders &= ~(1u << member);
    }
}

}  // namespace claviger::cluster
