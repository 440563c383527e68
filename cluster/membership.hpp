// Who may serve right now: an immutable snapshot, replaced as a whole.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <claviger/cluster/cluster.hpp>

#include "cluster/breaker.hpp"

namespace claviger::cluster {

// What all threads share of one HSM. Options and index never change.
class Member {
public:
    Member(std::uint32_t index, HsmOptions options) : index_(index), options_(std::move(options)) {}
    std::uint32_t index() const noexcept { return index_; }
    const HsmOptions& options() const noexcept { return options_; }

    Breaker breaker;
    std::atomic<std::uint64_t> restarts{0};

    void set_state(std::string state);
    void set_error(std::string error);
    // Why its last start or admission failed; its text is the last error, too.
    void set_failure(Error failure);
    void clear_failure();
    std::string state() const;
    std::string last_error() const;
    std::optional<Error> failure() const;

private:
    const std::uint32_t index_;
    const HsmOptions options_;
    mutable std::mutex mutex_;
    std::string state_ = "stopped";  // guarded by mutex_
    std::string last_error_;         // guarded by mutex_
    std::optional<Error> failure_;   // guarded by mutex_
};

// An admitted member, and the process that was admitted: a connection to any other is not this member.
struct Serving {
    std::shared_ptr<Member> member;
    std::uint64_t epoch = 0;  // raised at each admission
    pid_t process = 0;
};

struct Membership {
    std::uint64_t version = 0;
    std::vector<Serving> serving;
};

// Counters of one client, written by its thread only and read by any.
struct ClientCounters {
    struct alignas(64) PerMember {
        std::atomic<std::uint64_t> operations{0};
        std::atomic<std::uint64_t> faults{0};
        std::atomic<std::uint64_t> key_loads{0};  // requests that brought a key token
        std::atomic<std::uint32_t> outstanding{0};
    };
    std::array<PerMember, kMaxMembers> members;
};

// Where admission publishes and io threads listen. Thread-safe.
class Board {
public:
    using Listener = std::function<void(std::shared_ptr<const Membership>)>;
    // An io thread asks that a member be looked at again: its breaker opened, or it refuses work as not
    // admitted.
    using Suspicion = std::function<void(std::uint32_t member)>;

    explicit Board(Suspicion suspicion) : suspicion_(std::move(suspicion)) {}

    std::shared_ptr<const Membership> current() const;
    void publish(Serving serving);        // replaces an earlier entry of the member
    void withdraw(std::uint32_t member);  // no-op if it does not serve
    void suspect(std::uint32_t member) { suspicion_(member); }

    // Called at each change, under no lock of the board, from the publishing thread, until the token dies.
    std::uint64_t listen(Listener listener, std::shared_ptr<const ClientCounters> counters);
    void forget(std::uint64_t listener);
    // Sums over all clients, those that are gone included.
    struct Sums {
        std::uint64_t operations = 0;
        std::uint64_t faults = 0;
        std::uint64_t key_loads = 0;
        std::uint64_t outstanding = 0;
    };
    Sums sums(std::uint32_t member) const;

private:
    struct Entry {
        Listener listener;
        std::shared_ptr<const ClientCounters> counters;
    };
    void replace(std::shared_ptr<const Membership> next);

    Suspicion suspicion_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Membership> current_ = std::make_shared<const Membership>();  // guarded by mutex_
    std::map<std::uint64_t, Entry> listeners_;                                          // guarded by mutex_
    std::array<Sums, kMaxMembers> retired_{};                                           // guarded by mutex_
    std::uint64_t next_listener_ = 1;                                                   // guarded by mutex_
};

}  // namespace claviger::cluster
