// The one place where access-key secrets and the signing keys derived from them may be: locked in memory,
// left out of core dumps, empty in a forked child, wiped when given up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include <claviger/base/bytes.hpp>
#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

namespace claviger::auth {

class SecretArena;

// A secret inside the arena. Movable; wiped when it goes. Must not outlive its arena.
class ArenaSecret {
public:
    ArenaSecret() = default;
    ArenaSecret(ArenaSecret&& other) noexcept;
    ArenaSecret& operator=(ArenaSecret&& other) noexcept;
    ArenaSecret(const ArenaSecret&) = delete;  // a copy would be one more place to wipe
    ArenaSecret& operator=(const ArenaSecret&) = delete;
    ~ArenaSecret();

    ByteView reveal(SecretAccess) const noexcept { return bytes_; }
    std::span<std::byte> reveal_mutable(SecretAccess) noexcept { return bytes_; }
    bool empty() const noexcept { return bytes_.empty(); }

private:
    friend class SecretArena;
    ArenaSecret(SecretArena& arena, std::span<std::byte> bytes) : arena_(&arena), bytes_(bytes) {}

    SecretArena* arena_ = nullptr;
    std::span<std::byte> bytes_;
};

enum class Locking { required, preferred };

// One reservation of address space that is locked piece by piece as it fills. Thread-safe. allocate() fails
// with overloaded when the arena is full and with io_error when the kernel refuses to lock more.
class SecretArena {
public:
    // Errc::io_error: no memory, or (with Locking::required) RLIMIT_MEMLOCK is too small; detail says what to
    // do.
    static Result<std::unique_ptr<SecretArena>> create(Locking locking, std::size_t capacity = 16u << 20);
    ~SecretArena();
    SecretArena(const SecretArena&) = delete;
    SecretArena& operator=(const SecretArena&) = delete;

    Result<ArenaSecret> allocate(std::size_t size);
    // "AWS4" and the secret, the first key of the signing chain: the form in which a secret is kept.
    Result<ArenaSecret> store_signing_secret(std::string_view secret);
    Result<ArenaSecret> store(ByteView bytes);

    bool locked() const noexcept { return locked_; }  // false only with Locking::preferred
    std::span<const std::byte> range() const noexcept { return {base_, capacity_}; }

private:
    friend class ArenaSecret;
    SecretArena(std::byte* base, std::size_t capacity, Locking locking);
    Status<> commit_more();
    void release(std::span<std::byte> bytes) noexcept;

    std::byte* const base_;
    const std::size_t capacity_;
    const Locking locking_;
    bool locked_ = true;
    std::mutex mutex_;
    std::size_t committed_ = 0;       // guarded by mutex_, as all below
    std::size_t search_from_ = 0;     // no free block before this one
    std::vector<bool> block_in_use_;  // one per committed block
};

}  // namespace claviger::auth
