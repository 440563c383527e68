// What the end of its parent does to a process that writes a token's files, and to one that does not.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "hsm/host/process.hpp"
#include "hsm/link/peer.hpp"
#include "tests/integration/host/host_rig.hpp"

namespace claviger::host::test {
namespace {

// A process with a host's ties to its parent, within an UncutCall or without, and its parent's end.
class Orphan {
public:
    enum class Within : bool { nothing, uncut_call };

    explicit Orphan(Within within) {
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);  // so that it is ours to wait for
        EXPECT_EQ(pipe2(told_, O_CLOEXEC), 0);
        EXPECT_EQ(pipe2(go_, O_CLOEXEC), 0);
        parent_ = fork();
        if (parent_ == 0) {
            const pid_t supervisor = getpid();
            if (fork() == 0) {
                _exit(live(supervisor, within));
            }
            pause();
        }
        close(told_[1]);  // so that the end of the other two is heard
        pid_t pid = -1;
        if (!hear(pid)) {
            throw std::runtime_error("the process did not start");
        }
        child_ = std::make_unique<Child>(pid);
    }
    ~Orphan() {
        if (parent_ > 0) {
            lose_parent();
        }
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
        for (const int end : {told_[0], go_[0], go_[1]}) {
            close(end);
        }
    }

    void lose_parent() {
        kill(parent_, SIGKILL);
        waitpid(std::exchange(parent_, -1), nullptr, 0);
    }
    void let_it_finish() const { EXPECT_EQ(write(go_[1], "", 1), 1); }
    bool has_finished() { return finished_ || hear(finished_); }
    Child& process() { return *child_; }

private:
    int live(pid_t supervisor, Within within) {
        Options options;
        options.supervisor.pid = supervisor;
        options.token_files = TokenFiles::none;
        if (!harden(options)) {
            return 1;
        }
        char ignored = 0;
        if (within == Within::uncut_call) {
            const UncutCall uncut;
            tell(getpid());
            [[maybe_unused]] const ssize_t went = read(go_[0], &ignored, 1);
            tell(true);
        } else {
            tell(getpid());
        }
        pause();
        return 1;
    }
    template <class Value>
    void tell(const Value& value) const {
        [[maybe_unused]] const ssize_t told = write(told_[1], &value, sizeof value);
    }
    template <class Value>
    bool hear(Value& value) const {
        return read(told_[0], &value, sizeof value) == static_cast<ssize_t>(sizeof value);
    }

    int told_[2], go_[2];
    pid_t parent_ = -1;
    bool finished_ = false;
    std::unique_ptr<Child> child_;
};

TEST(Orphans, OneThatWritesNoTokenFileEndsAtOnce) {
    Orphan orphan(Orphan::Within::nothing);
    orphan.lose_parent();
    const auto status = orphan.process().wait_exit(std::chrono::seconds(1));
    ASSERT_TRUE(status);
    EXPECT_EQ(WEXITSTATUS(*status), link::kExitOrphaned);
}

TEST(Orphans, ACallThatNothingMayCutOffIsFinishedFirst) {
    Orphan orphan(Orphan::Within::uncut_call);
    orphan.lose_parent();
    orphan.let_it_finish();
    EXPECT_TRUE(orphan.has_finished());
    const auto status = orphan.process().wait_exit(std::chrono::seconds(1));
    ASSERT_TRUE(status);
    EXPECT_EQ(WEXITSTATUS(*status), link::kExitOrphaned);
}

TEST(Orphans, ACallThatHangsIsCutOffAllTheSame) {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "ThreadSanitizer puts the signal's handler off until the call that hangs returns";
#endif
    Orphan orphan(Orphan::Within::uncut_call);
    orphan.lose_parent();
    const auto status = orphan.process().wait_exit(std::chrono::seconds(5));
    ASSERT_TRUE(status);
    EXPECT_EQ(WTERMSIG(*status), SIGALRM);
}

}  // namespace
}  // namespace claviger::host::test
