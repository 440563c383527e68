// Preloaded into HSM hosts by the nonce test: a token and a kernel whose random bytes are always the same, as
// on a machine that was cloned.
#include <sys/types.h>

#include <cstddef>
#include <cstring>

extern "C" {

__attribute__((visibility("default"))) ssize_t getrandom(void* out, std::size_t size, unsigned) {
    std::memset(out, 0x5a, size);
    return static_cast<ssize_t>(size);
}

// OpenSSL's, which SoftHSM's C_GenerateRandom calls.
__attribute__((visibility("default"))) int RAND_bytes(unsigned char* out, int size) {
    std::memset(out, 0xa5, static_cast<std::size_t>(size));
    return 1;
}
}
