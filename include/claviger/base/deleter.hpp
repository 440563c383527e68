// Ownership of objects of C libraries.
#pragma once

namespace claviger {

// std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>: Free takes the pointer; what it answers is of no use.
template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};

}  // namespace claviger
