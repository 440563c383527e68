// AES-GCM nonces: a 64-bit prefix of this process and a 32-bit counter (SP 800-38D section 8.2.1 in form; the
// fixed field is random instead of assigned). Not thread-safe: one per lane.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>

namespace claviger::hsm {

class NonceSource {
public:
    // io_error when no page can be had that a fork wipes and a dump leaves out.
    static Result<std::unique_ptr<NonceSource>> make(std::uint32_t first_counter);
    ~NonceSource();
    NonceSource(const NonceSource&) = delete;
    NonceSource& operator=(const NonceSource&) = delete;

    // Must a prefix be drawn before next()? None yet, counter used up, after a fork, or wall time moved by
    // more than a second against monotonic time (a suspended or restored machine).
    bool needs_prefix(const Clock& clock) noexcept;
    void forget() noexcept;  // after a login
    // The prefix is `token_random` XOR eight bytes of getrandom(2): it takes both to fail for a repetition.
    void set_prefix(std::span<const std::byte, 8> token_random, const Clock& clock);
    // Requires a prefix.
    void next(std::span<std::byte, 12> out) noexcept;

private:
    struct Page;
    NonceSource(Page* page, std::uint32_t first_counter) noexcept
        : page_(page), first_counter_(first_counter) {}
    Page* page_;
    std::uint32_t first_counter_;
};

}  // namespace claviger::hsm
