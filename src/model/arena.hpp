// The memory of one request's JSON: grows only, is wiped as a whole.
#pragma once

#include <array>
#include <cstddef>

#include <boost/json/memory_resource.hpp>

namespace claviger::model {

// Not thread-safe. Blocks are wiped before they return to the heap, and the first block with the arena
// itself, so plaintexts that a request carries leave no copy. What was allocated must not be used after the
// arena's end.
class WipingArena final : public boost::json::memory_resource {
public:
    WipingArena() = default;
    ~WipingArena() override;
    WipingArena(const WipingArena&) = delete;  // objects point into it
    WipingArena& operator=(const WipingArena&) = delete;

private:
    struct Block {
        Block* next;
        std::size_t size;  // of the whole block
    };

    void* do_allocate(std::size_t size, std::size_t alignment) override;
    void do_deallocate(void*, std::size_t, std::size_t) override {}
    bool do_is_equal(const boost::json::memory_resource& other) const noexcept override {
        return this == &other;
    }

    static constexpr std::size_t kFirst = 4096;
    alignas(std::max_align_t) std::array<std::byte, kFirst> first_;
    std::byte* at_ = first_.data();
    std::byte* end_ = first_.data() + kFirst;
    std::byte* high_ = first_.data();  // of first_: only what was used is wiped
    Block* blocks_ = nullptr;
};

}  // namespace claviger::model
