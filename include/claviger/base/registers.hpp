// The last place where a secret stays: the vector registers of a thread that has gone to sleep.
#pragma once

namespace claviger {

// Zeroes the caller's vector registers. memcpy and ciphers move data through them and leave it there; a
// thread that then waits for its next event keeps it, and a core dump has it among the thread's registers. To
// be called before such a wait; costs a few nanoseconds. Does nothing on other processors than x86-64.
void wipe_vector_registers() noexcept;

}  // namespace claviger
