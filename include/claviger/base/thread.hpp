// How the threads that carry requests ask to be scheduled.
#pragma once

namespace claviger {

// For the calling thread: SCHED_BATCH (sched(7)). Whoever woke it finishes first, so that more is ready when
// it runs: an io thread and an HSM host do best with many requests in one turn of their loops. On an idle
// core it starts at once all the same. Refused by some containers; then nothing is lost but speed.
void prefer_batches() noexcept;

}  // namespace claviger
