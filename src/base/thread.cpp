#include <claviger/base/thread.hpp>

#include <pthread.h>
#include <sched.h>

namespace claviger {

void prefer_batches() noexcept {
    const sched_param none{};
    static_cast<void>(::pthread_setschedparam(::pthread_self(), SCHED_BATCH, &none));
}

}  // namespace claviger
