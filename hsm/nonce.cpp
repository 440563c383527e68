#include "hsm/nonce.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>

namespace claviger::hsm {
namespace {

constexpr std::size_t kPageSize = 4096;
constexpr std::uint64_t kCounterEnd = std::uint64_t{1} << 32;
constexpr auto kClockStep = std::chrono::milliseconds(1000);

std::chrono::milliseconds wall_minus_mono(const Clock& clock) {
    return clock.wall().time_since_epoch() -
           std::chrono::duration_cast<std::chrono::milliseconds>(clock.mono().time_since_epoch());
}

}  // namespace

// All zeros (what MADV_WIPEONFORK leaves to a child) means: no prefix.
struct NonceSource::Page {
    std::uint64_t drawn;
    std::array<std::byte, 8> prefix;
    std::uint64_t counter;
    std::chrono::milliseconds clock_offset;
};

Result<std::unique_ptr<NonceSource>> NonceSource::make(std::uint32_t first_counter) {
    void* memory = ::mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return Error(Errc::io_error, std::string("mmap for the nonce page: ") + std::strerror(errno));
    }
    if (::madvise(memory, kPageSize, MADV_WIPEONFORK) != 0 ||
        ::madvise(memory, kPageSize, MADV_DONTDUMP) != 0) {
        const std::string reason = std::strerror(errno);
        ::munmap(memory, kPageSize);
        return Error(Errc::io_error, "madvise for the nonce page: " + reason);
    }
    return std::unique_ptr<NonceSource>(new NonceSource(new (memory) Page{}, first_counter));
}

NonceSource::~NonceSource() {
    ::munmap(page_, kPageSize);
}

bool NonceSource::needs_prefix(const Clock& clock) noexcept {
    if (page_->drawn == 0 || page_->counter >= kCounterEnd) {
        return true;
    }
    const auto step = wall_minus_mono(clock) - page_->clock_offset;
    return step > kClockStep || step < -kClockStep;
}

void NonceSource::forget() noexcept {
    page_->drawn = 0;
}

void NonceSource::set_prefix(std::span<const std::byte, 8> token_random, const Clock& clock) {
    SystemRandom().fill(page_->prefix);
    for (std::size_t i = 0; i < page_->prefix.size(); ++i) {
        page_->prefix[i] ^= token_random[i];
    }
    page_->counter = first_counter_;
    page_->clock_offset = wall_minus_mono(clock);
    page_->drawn = 1;
}

void NonceSource::next(std::span<std::byte, 12> out) noexcept {
    std::memcpy(out.data(), page_->prefix.data(), page_->prefix.size());
    const auto counter = static_cast<std::uint32_t>(page_->counter++);
    for (std::size_t i = 0; i < 4; ++i) {
        out[8 + i] = static_cast<std::byte>((counter >> (24 - 8 * i)) & 0xff);
    }
}

}  // namespace claviger::hsm
