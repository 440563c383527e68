// Identifiers with a type of their own: parsed at the edge, trusted inside.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace claviger {

template <class Tag, class Rep = std::string>
class Id {
public:
    Id() = default;
    explicit Id(Rep value) : value_(std::move(value)) {}
    const Rep& value() const noexcept { return value_; }
    friend auto operator<=>(const Id&, const Id&) = default;

private:
    Rep value_{};
};

using AccountId = Id<struct AccountIdTag>;    // twelve digits
using KeyId = Id<struct KeyIdTag>;            // UUID, or mrk- and 32 hex digits
using HsmId = Id<struct HsmIdTag>;            // "hsm-" and 11 characters
using ClusterId = Id<struct ClusterIdTag>;    // "cluster-" and 11 characters
using BackupId = Id<struct BackupIdTag>;      // "backup-" and 11 characters
using KeyStoreId = Id<struct KeyStoreIdTag>;  // "cks-" and 17 hex digits

}  // namespace claviger

template <class Tag, class Rep>
struct std::hash<claviger::Id<Tag, Rep>> {
    std::size_t operator()(const claviger::Id<Tag, Rep>& id) const noexcept {
        return std::hash<Rep>{}(id.value());
    }
};
