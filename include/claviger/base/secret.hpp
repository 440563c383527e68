// Memory that holds secrets: wiped when it is given up, no stream or fmt operator, constant-time comparison.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include <claviger/base/bytes.hpp>

namespace claviger {

// Overwrites with zeros in a way the optimiser keeps.
void wipe(std::span<std::byte> memory) noexcept;
inline void wipe(std::string& text) noexcept {
    wipe(std::span(reinterpret_cast<std::byte*>(text.data()), text.size()));
    text.clear();
}

// Wipes each block before it is returned to the heap, on growth too (RFC-free rule of ours; see
// docs/threat-model.md).
template <class T>
    requires std::is_trivially_copyable_v<T>
struct WipingAllocator {
    using value_type = T;
    WipingAllocator() = default;
    template <class U>
    WipingAllocator(const WipingAllocator<U>&) noexcept {}
    T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T))); }
    void deallocate(T* p, std::size_t n) noexcept {
        wipe({reinterpret_cast<std::byte*>(p), n * sizeof(T)});
        ::operator delete(p);
    }
    friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

// The permit to read a secret. Naming it makes every reader findable: search for `SecretAccess`.
struct SecretAccess {
    explicit SecretAccess() = default;
};

// A plaintext, PIN, password, key or access-key secret. Movable; copies are explicit through clone().
// Comparison is constant-time in the content. Not thread-safe.
class SecretBytes {
public:
    using Buffer = std::vector<std::byte, WipingAllocator<std::byte>>;

    SecretBytes() = default;
    explicit SecretBytes(std::size_t size) : data_(size) {}
    explicit SecretBytes(ByteView bytes) : data_(bytes.begin(), bytes.end()) {}
    explicit SecretBytes(std::string_view text) : SecretBytes(as_bytes(text)) {}
    SecretBytes(SecretBytes&&) noexcept = default;
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        data_.swap(other.data_);  // the old content goes with `other`, wiped by its allocator
        return *this;
    }
    SecretBytes(const SecretBytes&) = delete;  // a copy is one more place to wipe: say clone()
    SecretBytes& operator=(const SecretBytes&) = delete;

    SecretBytes clone() const { return SecretBytes(ByteView(data_)); }
    ByteView reveal(SecretAccess) const noexcept { return data_; }
    std::span<std::byte> reveal_mutable(SecretAccess) noexcept { return data_; }
    std::size_t size() const noexcept { return data_.size(); }
    bool empty() const noexcept { return data_.empty(); }
    void resize(std::size_t size);  // shrinking wipes the tail
    friend bool operator==(const SecretBytes& a, const SecretBytes& b) noexcept {
        return equal_constant_time(a.data_, b.data_);
    }

private:
    Buffer data_;
};

}  // namespace claviger
