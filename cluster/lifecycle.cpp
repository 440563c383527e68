#include "cluster/lifecycle.hpp"

#include <algorithm>
#include <cstdlib>

namespace claviger::cluster {
namespace {

constexpr unsigned kCrashesAfterServing = 3;

}  // namespace

Step Lifecycle::clear(Step step, Step afterwards) noexcept {
    serves_ = false;
    afterwards_ = afterwards;
    return step_ = step;
}

// The first restart is immediate; restarts in a row wait longer and longer, up to the limit. A host that got
// as far as serving is no broken one: its next restarts never wait long, however often it is killed.
Step Lifecycle::again(Step step, MonoTime now) {
    if (serves_ && now - since_ >= timing_.stable) {
        crashes_ = 0;
    } else if (serves_) {
        crashes_ = std::min(crashes_, kCrashesAfterServing);
    }
    ++crashes_;
    pause_ = std::chrono::milliseconds(0);
    if (crashes_ > 1) {
        const unsigned doublings = std::min(crashes_ - 2, 16u);
        pause_ = std::min(timing_.backoff_limit, timing_.backoff_first * (1 << doublings));
    }
    return clear(step, Step::start);
}

Step Lifecycle::after_clearing() noexcept {
    if (afterwards_ == Step::start && pause_.count() > 0) {
        return Step::pause;
    }
    return afterwards_;
}

Step Lifecycle::on(Happening happening, MonoTime now) {
    switch (happening) {
        case Happening::begin: return step_ = Step::start;
        case Happening::up: return step_ = Step::admit;
        case Happening::admitted:
            serves_ = true;
            since_ = now;
            return step_ = Step::watch;
        case Happening::suspected: suspected_ = now; return step_ = Step::probe;
        case Happening::canary_good: return step_ = Step::watch;
        case Happening::canary_bad:
            return now - suspected_ >= timing_.hang ? again(Step::kill, now) : step_ = Step::probe;
        case Happening::failed:
        case Happening::ended: return again(Step::clear, now);
        case Happening::refused: return clear(Step::clear, Step::rest);
        case Happening::cleared: return step_ = after_clearing();
        case Happening::paused: return step_ = Step::start;
        case Happening::stop:
            // What runs is ended first; where nothing runs, nothing is left to do.
            return step_ == Step::rest || step_ == Step::pause ? step_ = Step::finish
                                                               : clear(Step::clear, Step::finish);
    }
    std::abort();
}

}  // namespace claviger::cluster
