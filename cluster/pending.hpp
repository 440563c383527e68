// Requests that wait for their reply on one connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>

#include "hsm/link/operation.hpp"

namespace claviger::cluster {

enum class ReplyKind : std::uint8_t {
    answer,  // payload: the operation's reply message
    failed,  // payload: an ErrorReply
    late,    // the attempt's deadline passed
    gone,    // the connection ended
    silent,  // late, and nothing came from the host since the request was sent
};

// The payload is valid until the awaiting coroutine suspends again.
struct Reply {
    ReplyKind kind = ReplyKind::gone;
    ByteView payload;
};

// Resumes whoever awaits a reply: a move-only function of one call, without an allocation.
class Completion {
public:
    Completion() = default;
    template <class Handler>
        requires(!std::is_same_v<std::remove_cvref_t<Handler>, Completion>)
    explicit Completion(Handler&& handler) {
        using Stored = std::remove_cvref_t<Handler>;
        static_assert(sizeof(Stored) <= kSize && alignof(Stored) <= alignof(std::max_align_t));
        static_assert(std::is_nothrow_move_constructible_v<Stored>);
        ::new (memory_) Stored(std::forward<Handler>(handler));
        verbs_ = &kVerbs<Stored>;
    }
    Completion(Completion&& other) noexcept { take(other); }
    Completion& operator=(Completion&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }
    ~Completion() { reset(); }

    explicit operator bool() const noexcept { return verbs_ != nullptr; }
    void operator()(Reply reply) && {
        Completion self(std::move(*this));
        self.verbs_->call(self.memory_, reply);
    }

private:
    static constexpr std::size_t kSize = 48;
    struct Verbs {
        void (*call)(void*, Reply);
        void (*move)(void*, void*) noexcept;
        void (*destroy)(void*) noexcept;
    };
    template <class Stored>
    static constexpr Verbs kVerbs{
        [](void* at, Reply reply) {
            Stored handler(std::move(*static_cast<Stored*>(at)));
            std::move(handler)(reply);
        },
        [](void* to, void* from) noexcept {
            ::new (to) Stored(std::move(*static_cast<Stored*>(from)));
            static_cast<Stored*>(from)->~Stored();
        },
        [](void* at) noexcept { static_cast<Stored*>(at)->~Stored(); },
    };
    void take(Completion& other) noexcept {
        verbs_ = std::exchange(other.verbs_, nullptr);
        if (verbs_ != nullptr) {
            verbs_->move(memory_, other.memory_);
        }
    }
    void reset() noexcept {
        if (verbs_ != nullptr) {
            std::exchange(verbs_, nullptr)->destroy(memory_);
        }
    }

    alignas(std::max_align_t) std::byte memory_[kSize];
    const Verbs* verbs_ = nullptr;
};

// Ids are never reused while their answer may still come: a request that became late stays outstanding until
// it is answered or the connection ends, so every id that is not in the table is the host's mistake. Not
// thread-safe.
class PendingTable {
public:
    enum class Match : std::uint8_t { waiting, abandoned, unknown };
    struct Late {
        Completion waiter;
        MonoTime sent;
        link::CostClass cost;
    };

    std::uint64_t add(Completion waiter, MonoTime sent, MonoTime deadline, link::CostClass cost);
    // Removes the request; `waiter` is set only for Match::waiting.
    Match take(std::uint64_t id, Completion& waiter);
    // Moves the waiters whose deadline has passed to `late`; their requests stay outstanding, abandoned.
    void take_late(MonoTime now, std::vector<Late>& late);
    // Empties the table.
    std::vector<Completion> take_all();

    std::size_t waiting() const noexcept { return waiting_; }
    std::size_t outstanding() const noexcept { return waiting_ + abandoned_; }
    std::size_t abandoned() const noexcept { return abandoned_; }
    // Nothing that waits is late before this time.
    MonoTime earliest() const noexcept { return earliest_; }

private:
    enum class State : std::uint8_t { free, waiting, abandoned };
    struct Slot {
        Completion waiter;
        MonoTime sent;
        MonoTime deadline;
        std::uint32_t generation = 1;
        link::CostClass cost = link::CostClass::fast;
        State state = State::free;
    };

    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::size_t waiting_ = 0;
    std::size_t abandoned_ = 0;
    MonoTime earliest_ = MonoTime::max();
};

}  // namespace claviger::cluster
