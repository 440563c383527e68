// Who may sign: access key id -> secret and Principal, as an immutable snapshot that is swapped as a whole.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>

#include "src/auth/secret_arena.hpp"
#include "src/policy/principal.hpp"

namespace claviger::auth {

enum class KeyStatus { active, inactive };

// A session: the token that must come with the key, and when both end.
struct SessionBinding {
    ArenaSecret token;
    WallTime expires;
};

struct AccessKey {
    ArenaSecret signing_secret;  // made by SecretArena::store_signing_secret
    KeyStatus status = KeyStatus::active;
    std::shared_ptr<const policy::Principal> principal;
    std::optional<SessionBinding> session;  // absent: a long-term key
};

// Immutable once published. Must not outlive the arena its secrets are in.
class Credentials {
public:
    // Errc::conflict: the access key id is there already.
    Status<> add(const std::string& access_key_id, AccessKey key);
    std::shared_ptr<const AccessKey> find(std::string_view access_key_id) const;
    std::size_t size() const noexcept { return keys_.size(); }

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    std::unordered_map<std::string, std::shared_ptr<const AccessKey>, Hash, std::equal_to<>> keys_;
};

// The snapshot in force. publish() from any thread; readers compare generation() and take current() only when
// it moved, so the request path reads one atomic.
class CredentialSource {
public:
    CredentialSource();
    void publish(std::shared_ptr<const Credentials> next);
    std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }
    struct Current {
        std::shared_ptr<const Credentials> credentials;  // never null
        std::uint64_t generation;
    };
    Current current() const;

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Credentials> credentials_;  // guarded by mutex_
    std::atomic<std::uint64_t> generation_{1};
};

}  // namespace claviger::auth
