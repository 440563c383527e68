#include <claviger/base/registers.hpp>

namespace claviger {

#if defined(__x86_64__)

// No vector register survives a call (System V ABI, AMD64 supplement, 3.2.1), so nothing is taken from the
// caller. Registers 16 to 31 are used by glibc's memcpy where there is AVX-512; our own code is compiled
// without it.
void wipe_vector_registers() noexcept {
    static const bool has_avx = __builtin_cpu_supports("avx") != 0;
    static const bool has_avx512 = __builtin_cpu_supports("avx512f") != 0;
    if (has_avx512) {
        asm volatile(
            ".irp n,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
            "vpxorq %%zmm\\n, %%zmm\\n, %%zmm\\n\n\t"
            ".endr" ::);
    }
    if (has_avx) {
        asm volatile("vzeroall" ::
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                           "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
        return;
    }
    asm volatile(
        ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
        "pxor %%xmm\\n, %%xmm\\n\n\t"
        ".endr" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
              "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

#else

void wipe_vector_registers() noexcept {}

#endif

}  // namespace claviger
