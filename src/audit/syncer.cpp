#include <unistd.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <claviger/base/files.hpp>

#include "src/audit/file_writer.hpp"

namespace claviger::audit {

class Syncer::Impl {
public:
    enum class Kind { data, data_then_close, directory };
    struct Job {
        int fd;
        Kind kind;
        Done done;
    };

    Impl() : thread_([this] { run(); }) {}
    ~Impl() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void push(Job job) {
        {
            const std::lock_guard lock(mutex_);
            jobs_.push_back(std::move(job));
        }
        wake_.notify_one();
    }

private:
    void run() {
        while (true) {
            std::vector<Job> jobs;
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
                if (jobs_.empty()) {
                    return;
                }
                jobs.swap(jobs_);
            }
            // One call per file answers for all jobs that were queued before it.
            std::map<int, Status<>> outcomes;
            for (const Job& job : jobs) {
                if (!outcomes.contains(job.fd)) {
                    outcomes.emplace(job.fd, sync_now(job));
                }
            }
            for (const Job& job : jobs) {
                job.done(outcomes.at(job.fd));
                if (job.kind == Kind::data_then_close) {
                    ::close(job.fd);
                }
            }
        }
    }

    static Status<> sync_now(const Job& job) {
        const int code = job.kind == Kind::directory ? ::fsync(job.fd) : ::fdatasync(job.fd);
        if (code != 0) {
            return os_error("sync audit file");
        }
        return done;
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Job> jobs_;  // guarded by mutex_
    bool stopping_ = false;  // guarded by mutex_
    std::thread thread_;
};

Syncer::Syncer() : impl_(std::make_unique<Impl>()) {}
Syncer::~Syncer() = default;

void Syncer::sync(int fd, Done done_with) {
    impl_->push({fd, Impl::Kind::data, std::move(done_with)});
}
void Syncer::sync_directory(int fd, Done done_with) {
    impl_->push({fd, Impl::Kind::directory, std::move(done_with)});
}
void Syncer::sync_and_close(int fd, Done done_with) {
    impl_->push({fd, Impl::Kind::data_then_close, std::move(done_with)});
}

}  // namespace claviger::audit
