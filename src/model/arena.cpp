#include "src/model/arena.hpp"

#include <algorithm>
#include <cstdint>
#include <new>

#include <claviger/base/secret.hpp>

namespace claviger::model {
namespace {

constexpr std::size_t kBlock = 16 << 10;

std::byte* aligned(std::byte* at, std::size_t alignment) noexcept {
    const auto value = reinterpret_cast<std::uintptr_t>(at);
    return at + ((alignment - value % alignment) % alignment);
}

}  // namespace

WipingArena::~WipingArena() {
    wipe(std::span(first_.data(), high_));
    while (blocks_ != nullptr) {
        Block* const gone = blocks_;
        blocks_ = gone->next;
        wipe(std::span(reinterpret_cast<std::byte*>(gone), gone->size));
        ::operator delete(gone);
    }
}

void* WipingArena::do_allocate(std::size_t size, std::size_t alignment) {
    std::byte* start = aligned(at_, alignment);
    if (start > end_ || size > static_cast<std::size_t>(end_ - start)) {
        const std::size_t whole = std::max(kBlock, sizeof(Block) + alignment + size);
        auto* const block = static_cast<Block*>(::operator new(whole));
        *block = {blocks_, whole};
        blocks_ = block;
        end_ = reinterpret_cast<std::byte*>(block) + whole;
        start = aligned(reinterpret_cast<std::byte*>(block + 1), alignment);
    }
    at_ = start + size;
    if (blocks_ == nullptr) {
        high_ = at_;
    }
    return start;
}

}  // namespace claviger::model
