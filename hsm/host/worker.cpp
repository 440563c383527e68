#include "hsm/host/worker.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <system_error>

#include <claviger/base/registers.hpp>

namespace claviger::host {
namespace {

constexpr std::chrono::microseconds kHeldBack{300};

}  // namespace

Completions::Completions() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
}

void Completions::push(std::vector<std::unique_ptr<Job>> jobs) {
    {
        const std::lock_guard lock(mutex_);
        const bool told = !done_.empty();
        std::ranges::move(jobs, std::back_inserter(done_));
        if (told) {
            return;
        }
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t put =
        write(event_.get(), &one, sizeof one);  // full means readable already
}

std::vector<std::unique_ptr<Job>> Completions::take() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(event_.get(), &count, sizeof count);
    const std::lock_guard lock(mutex_);
    return std::exchange(done_, {});
}

Worker::Worker(std::unique_ptr<hsm::Lane> lane, Completions& completions, Pace pace)
    : lane_(std::move(lane)), completions_(completions), pace_(pace), thread_([this] { work(); }) {}

Worker::~Worker() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void Worker::submit(std::unique_ptr<Job> job) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(job));
    }
    wake_.notify_one();
}

void Worker::work() {
    using Clock = std::chrono::steady_clock;
    std::vector<std::unique_ptr<Job>> finished;
    Clock::time_point first;  // when the first of them was
    for (;;) {
        std::unique_ptr<Job> job;
        {
            std::unique_lock lock(mutex_);
            if (!finished.empty() &&
                (queue_.empty() || pace_ == Pace::lengthy || Clock::now() - first > kHeldBack)) {
                lock.unlock();
                completions_.push(std::exchange(finished, {}));
                lock.lock();
            }
            wake_.wait(lock, [&] { return stop_ || !queue_.empty(); });
            if (stop_) {
                return;
            }
            job = std::move(queue_.front());
            queue_.pop_front();
        }
        job->run(*lane_);
        wipe_vector_registers();  // before the completion: the loop may have nothing more for this thread
        if (finished.empty()) {
            first = Clock::now();
        }
        finished.push_back(std::move(job));
    }
}

}  // namespace claviger::host
