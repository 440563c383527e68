#include "src/auth/secret_arena.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace claviger::auth {
namespace {

constexpr std::size_t kBlock = 64;         // a cache line; holds "AWS4" and a secret of usual length
constexpr std::size_t kCommit = 64 << 10;  // locked at a time: RLIMIT_MEMLOCK can be small

std::size_t blocks_for(std::size_t size) {
    return std::max<std::size_t>(1, (size + kBlock - 1) / kBlock);
}

}  // namespace

ArenaSecret::ArenaSecret(ArenaSecret&& other) noexcept
    : arena_(std::exchange(other.arena_, nullptr)), bytes_(std::exchange(other.bytes_, {})) {}

ArenaSecret& ArenaSecret::operator=(ArenaSecret&& other) noexcept {
    std::swap(arena_, other.arena_);  // the old secret goes with `other`
    std::swap(bytes_, other.bytes_);
    return *this;
}

ArenaSecret::~ArenaSecret() {
    if (arena_ != nullptr) {
        arena_->release(bytes_);
    }
}

SecretArena::SecretArena(std::byte* base, std::size_t capacity, Locking locking)
    : base_(base), capacity_(capacity), locking_(locking) {}

Result<std::unique_ptr<SecretArena>> SecretArena::create(Locking locking, std::size_t capacity) {
    capacity = (std::max(capacity, kCommit) + kCommit - 1) / kCommit * kCommit;
    void* const base =
        ::mmap(nullptr, capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return Error(Errc::io_error, std::string("no address space for secrets: ") + std::strerror(errno));
    }
    std::unique_ptr<SecretArena> arena(new SecretArena(static_cast<std::byte*>(base), capacity, locking));
    // madvise(2): DONTDUMP keeps secrets out of core files, WIPEONFORK out of children.
    if (::madvise(base, capacity, MADV_DONTDUMP) != 0 || ::madvise(base, capacity, MADV_WIPEONFORK) != 0) {
        return Error(Errc::io_error, std::string("madvise for secrets: ") + std::strerror(errno));
    }
    if (auto committed = arena->commit_more(); !committed) {
        return std::move(committed).error();
    }
    return arena;
}

SecretArena::~SecretArena() {
    wipe({base_, committed_});
    ::munmap(base_, capacity_);
}

Status<> SecretArena::commit_more() {
    if (committed_ == capacity_) {
        return Error(Errc::overloaded, "the arena of access-key secrets is full");
    }
    std::byte* const piece = base_ + committed_;
    if (::mprotect(piece, kCommit, PROT_READ | PROT_WRITE) != 0) {
        return Error(Errc::io_error, std::string("memory for secrets: ") + std::strerror(errno));
    }
    if (::mlock(piece, kCommit) != 0) {
        if (locking_ == Locking::required) {
            const int error = errno;
            ::mprotect(piece, kCommit, PROT_NONE);
            return Error(Errc::io_error,
                         std::string("cannot lock memory for access-key secrets (raise RLIMIT_MEMLOCK, in a "
                                     "systemd unit LimitMEMLOCK=): ") +
                             std::strerror(error));
        }
        locked_ = false;
    }
    committed_ += kCommit;
    block_in_use_.resize(committed_ / kBlock, false);
    return done;
}

Result<ArenaSecret> SecretArena::allocate(std::size_t size) {
    const std::scoped_lock lock(mutex_);
    const std::size_t wanted = blocks_for(size);
    for (;;) {
        std::size_t run = 0;
        bool skipped_free = false;
        for (std::size_t i = search_from_; i < block_in_use_.size(); ++i) {
            if (block_in_use_[i]) {
                skipped_free = skipped_free || run > 0;
                run = 0;
                continue;
            }
            if (++run < wanted) {
                continue;
            }
            const std::size_t first = i + 1 - wanted;
            std::fill_n(block_in_use_.begin() + static_cast<std::ptrdiff_t>(first), wanted, true);
            if (!skipped_free) {
                search_from_ = i + 1;
            }
            return ArenaSecret(*this, std::span(base_ + first * kBlock, size));
        }
        if (auto more = commit_more(); !more) {
            return std::move(more).error();
        }
    }
}

Result<ArenaSecret> SecretArena::store(ByteView bytes) {
    auto made = allocate(bytes.size());
    if (made && !bytes.empty()) {
        std::memcpy(made->bytes_.data(), bytes.data(), bytes.size());
    }
    return made;
}

Result<ArenaSecret> SecretArena::store_signing_secret(std::string_view secret) {
    constexpr std::string_view kPrefix = "AWS4";
    auto made = allocate(kPrefix.size() + secret.size());
    if (made) {
        std::memcpy(made->bytes_.data(), kPrefix.data(), kPrefix.size());
        std::memcpy(made->bytes_.data() + kPrefix.size(), secret.data(), secret.size());
    }
    return made;
}

void SecretArena::release(std::span<std::byte> bytes) noexcept {
    wipe(bytes);
    const std::scoped_lock lock(mutex_);
    const std::size_t first = static_cast<std::size_t>(bytes.data() - base_) / kBlock;
    std::fill_n(block_in_use_.begin() + static_cast<std::ptrdiff_t>(first), blocks_for(bytes.size()), false);
    search_from_ = std::min(search_from_, first);
}

}  // namespace claviger::auth
