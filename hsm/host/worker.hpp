// A thread with a PKCS#11 session of its own and a bounded queue; results go back to the loop by eventfd.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <claviger/base/result.hpp>
#include <claviger/hsm/token.hpp>

#include "hsm/host/files.hpp"

namespace claviger::host {

// run() on the worker's thread, then finish() on the loop's.
class Job {
public:
    virtual ~Job() = default;
    virtual void run(hsm::Lane& lane) = 0;
    virtual void finish() = 0;
};

template <class Run, class Finish>
class LaneJob final : public Job {
public:
    LaneJob(Run run, Finish finish) : run_(std::move(run)), finish_(std::move(finish)) {}
    void run(hsm::Lane& lane) override { result_.emplace(run_(lane)); }
    void finish() override { finish_(std::move(*result_)); }

private:
    Run run_;
    Finish finish_;
    std::optional<std::invoke_result_t<Run&, hsm::Lane&>> result_;
};

// `run` takes the lane and answers a value; `finish` takes that value on the loop.
template <class Run, class Finish>
std::unique_ptr<Job> make_job(Run run, Finish finish) {
    return std::make_unique<LaneJob<Run, Finish>>(std::move(run), std::move(finish));
}

// Finished jobs on their way back. Thread-safe.
class Completions {
public:
    Completions();  // throws std::system_error: no eventfd at start
    int descriptor() const noexcept { return event_.get(); }
    void push(std::vector<std::unique_ptr<Job>> jobs);
    // For the loop, when the descriptor is readable.
    std::vector<std::unique_ptr<Job>> take();

private:
    Descriptor event_;
    std::mutex mutex_;  // guards done_
    std::vector<std::unique_ptr<Job>> done_;
};

// How long a worker's jobs take. Brief ones go back together when several wait: to wake the loop for each
// costs more than the job, and its other requests wait meanwhile.
enum class Pace : std::uint8_t { brief, lengthy };

class Worker {
public:
    // `completions` outlives the worker.
    Worker(std::unique_ptr<hsm::Lane> lane, Completions& completions, Pace pace);
    // Finishes the job it is at, drops the rest, joins.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // The loop bounds what is outstanding by cost class, so the queue is as bounded as its producers.
    void submit(std::unique_ptr<Job> job);

private:
    void work();
    std::unique_ptr<hsm::Lane> lane_;
    Completions& completions_;
    const Pace pace_;
    std::mutex mutex_;  // guards queue_ and stop_
    std::condition_variable wake_;
    std::deque<std::unique_ptr<Job>> queue_;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace claviger::host
