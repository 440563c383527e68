// What the process does around its work: who may speak, whose child it is, the lock, the end.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "hsm/link/peer.hpp"
#include "tests/integration/host/host_rig.hpp"

namespace claviger::host::test {
namespace {

class Process : public testing::Test {
protected:
    void SetUp() override { ASSERT_NO_FATAL_FAILURE(rig.provision()); }
    HostRig rig;
};

// Runs `work` in a child process and answers its exit code.
int in_child(const std::function<int()>& work) {
    const pid_t pid = fork();
    if (pid == 0) {
        _exit(work());
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

enum : int { kClosed = 10, kAnswered = 11, kNoConnection = 12 };

// Connects, asks, and says what came back.
int try_to_speak(const std::string& path) {
    std::optional<Client> client = Client::connect(path);
    if (!client) {
        return kNoConnection;
    }
    link::WipedBuffer out;
    control::append_request(out, 1, control::Operation::status, SystemClock().mono() + kPatience,
                            control::Empty{});
    client->send(out);
    return client->receive() ? kAnswered : kClosed;
}

TEST_F(Process, AnotherProcessOfOurUidGetsAClosedConnectionAndALogLine) {
    ASSERT_NO_FATAL_FAILURE(rig.start());
    EXPECT_EQ(try_to_speak(rig.state() + "/control.sock"), kAnswered);
    EXPECT_EQ(in_child([&] { return try_to_speak(rig.state() + "/control.sock"); }), kClosed);
    EXPECT_EQ(in_child([&] { return try_to_speak(rig.state() + "/data.sock"); }), kClosed);
    EXPECT_NE(rig.log().find("control socket: connection closed, peer is pid"), std::string::npos)
        << rig.log();
    EXPECT_NE(rig.log().find("data socket: connection closed, peer is pid"), std::string::npos) << rig.log();
}

TEST_F(Process, AnotherUidGetsAClosedConnectionEvenWhenTheDirectoryLetsItIn) {
    if (geteuid() != 0) {
        GTEST_SKIP() << "needs root to become another user";
    }
    ASSERT_NO_FATAL_FAILURE(rig.start());
    const std::filesystem::path state(rig.state());
    chmod(state.parent_path().c_str(), 0755);
    chmod(state.c_str(), 0755);
    for (const char* name : {"data.sock", "control.sock"}) {
        const std::string path = rig.state() + "/" + name;
        chmod(path.c_str(), 0666);
        EXPECT_EQ(in_child([&] { return setuid(65534) == 0 ? try_to_speak(path) : -2; }), kClosed) << name;
    }
    EXPECT_NE(rig.log().find("uid 65534"), std::string::npos) << rig.log();
}

// A service manager that stops the service asks each of its processes to end.
TEST_F(Process, OfficerWithAPinFileEndsWhenItHasDoneItsWork) {
    const std::string plan = rig.state() + ".plan";
    const std::string pin_file = rig.state() + ".pin";
    std::ofstream(plan) << "C_InitPIN delay 500\nend\n";
    std::ofstream(pin_file) << as_text(rig.officer_pin.reveal(SecretAccess())) << '\n';
    chmod(pin_file.c_str(), 0600);
    setenv("FAULTY_PKCS11_MODULE", "/usr/lib/softhsm/libsofthsm2.so", 1);
    setenv("FAULTY_PKCS11_PLAN", plan.c_str(), 1);
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    std::vector<std::string> arguments = rig.arguments();
    arguments.insert(arguments.end(), {"--module", CLAVIGER_FAULTY_PKCS11, "--token-files", "softhsm",
                                       "--officer", "--officer-pin-file", pin_file});
    const pid_t officer = spawn_host(arguments, rig.log_path(), ends[1]);
    close(ends[1]);
    Client client(ends[0]);
    const SecretBytes fresh(std::string_view("a-fresh-pin"));
    link::WipedBuffer request;
    control::append_request(request, 1, control::Operation::init_user_pin, SystemClock().mono() + kPatience,
                            control::InitUserPin{.so_pin = {}, .user_pin = fresh.clone()});
    client.send(request);
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(plan + ".applied"); })) << rig.log();
    kill(officer, SIGTERM);
    int status = 0;
    waitpid(officer, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    Child process;
    const auto tried = rig.officer(process).control<control::Empty>(
        control::Operation::try_user_pin, control::TryUserPin{fresh.clone(), false});
    EXPECT_TRUE(tried) << tried.error().describe();
}

TEST_F(Process, TheDirectoryAndItsFilesAreOursAlone) {
    ASSERT_NO_FATAL_FAILURE(rig.start());
    ASSERT_NO_FATAL_FAILURE(rig.found());
    const auto mode_of = [](const std::string& path) {
        struct stat facts {};
        stat(path.c_str(), &facts);
        return facts.st_mode & 0777;
    };
    EXPECT_EQ(mode_of(rig.state()), 0700U);
    for (const char* name : {"pins", "pins.key", "data.sock", "control.sock"}) {
        EXPECT_EQ(mode_of(rig.state() + "/" + name), 0600U) << name;
    }
    chmod(rig.state().c_str(), 0755);
    rig.host().kill_and_reap();
    Child open_door(spawn_host(rig.arguments(), rig.log_path()));
    EXPECT_EQ(WEXITSTATUS(open_door.wait_exit(std::chrono::seconds(10)).value_or(0)), link::kExitUnfit);
    EXPECT_NE(rig.log().find("mode 0700"), std::string::npos) << rig.log();
}

TEST_F(Process, KillingTheSupervisorEndsTheHost) {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);  // so that the orphan is ours to wait for
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const pid_t supervisor = fork();
    if (supervisor == 0) {
        const pid_t host = spawn_host(rig.arguments(), rig.log_path());
        if (!eventually([&] { return Client::connect(rig.state() + "/data.sock").has_value(); })) {
            _exit(1);
        }
        [[maybe_unused]] const ssize_t told = write(ends[1], &host, sizeof host);
        pause();
    }
    pid_t host = -1;
    ASSERT_EQ(read(ends[0], &host, sizeof host), static_cast<ssize_t>(sizeof host));
    Child orphan(host);
    kill(supervisor, SIGKILL);
    waitpid(supervisor, nullptr, 0);
    const auto status = orphan.wait_exit(std::chrono::seconds(1));
    ASSERT_TRUE(status) << "alive a second after its supervisor";
    EXPECT_TRUE(WIFSIGNALED(*status));
    close(ends[0]);
    close(ends[1]);
}

TEST_F(Process, AHostWhoseSupervisorIsNotItsParentDoesNotStart) {
    std::vector<std::string> arguments = rig.arguments();
    arguments.back() = std::to_string(getppid());
    Child child(spawn_host(arguments, rig.log_path()));
    const auto status = child.wait_exit(std::chrono::seconds(10));
    ASSERT_TRUE(status);
    EXPECT_EQ(WEXITSTATUS(*status), 1);
    EXPECT_NE(rig.log().find("is not our parent"), std::string::npos) << rig.log();
}

TEST_F(Process, AnySupervisorWithOurOwnUidIsRefused) {
    std::vector<std::string> arguments = rig.arguments();
    arguments.back() = "any";
    Child child(spawn_host(arguments, rig.log_path()));
    const auto status = child.wait_exit(std::chrono::seconds(10));
    ASSERT_TRUE(status);
    EXPECT_EQ(WEXITSTATUS(*status), 2);
}

TEST_F(Process, ASecondHostWaitsForTheLockThenNamesItsHolder) {
    ASSERT_NO_FATAL_FAILURE(rig.start());
    std::vector<std::string> arguments = rig.arguments();
    arguments.insert(arguments.end(), {"--lock-patience-ms", "50"});
    Child second(spawn_host(arguments, rig.log_path()));
    const auto status = second.wait_exit(std::chrono::seconds(10));
    ASSERT_TRUE(status);
    EXPECT_EQ(WEXITSTATUS(*status), link::kExitTaken);
    EXPECT_NE(rig.log().find(std::to_string(rig.host().pid())), std::string::npos) << rig.log();
}

TEST_F(Process, ASecondHostStartsWhenTheLockIsGivenUp) {
    ASSERT_NO_FATAL_FAILURE(rig.start());
    Child second(spawn_host(rig.arguments(), rig.log_path()));
    rig.host().kill_and_reap();
    EXPECT_TRUE(eventually([&] { return Client::connect(rig.state() + "/data.sock").has_value(); }))
        << rig.log();
}

TEST_F(Process, SigtermFinishesWorkAndExitsZero) {
    ASSERT_NO_FATAL_FAILURE(rig.start());
    ASSERT_NO_FATAL_FAILURE(rig.found());
    Client client = rig.data();
    link::WipedBuffer out;
    const auto deadline = SystemClock().mono() + kPatience;
    link::append_request(out, 1, link::Operation::create_key, deadline,
                         link::CreateKeyRequest{kAccount, "rsa", {}, "RSA_2048", "SIGN_VERIFY", "AWS_KMS"});
    link::append_request(out, 2, link::Operation::random, deadline, link::RandomRequest{1});
    client.send(out);
    ASSERT_EQ(client.receive()->id, 2U);  // so the first is under way
    rig.host().signal(SIGTERM);
    const auto made = client.receive();
    ASSERT_TRUE(made);
    EXPECT_EQ(made->status, link::ReplyStatus::success);
    const auto status = rig.host().wait_exit(std::chrono::seconds(10));
    ASSERT_TRUE(status);
    EXPECT_TRUE(WIFEXITED(*status));
    EXPECT_EQ(WEXITSTATUS(*status), 0) << rig.log();
}

TEST_F(Process, SigtermSendsWhatASlowReaderHasNotRead) {
    constexpr std::uint64_t kRequests = 1500;  // their replies are several times what a socket holds
    ASSERT_NO_FATAL_FAILURE(rig.start());
    ASSERT_NO_FATAL_FAILURE(rig.found());
    Client client = rig.data();
    link::WipedBuffer out;
    const auto deadline = SystemClock().mono() + kPatience;
    for (std::uint64_t id = 1; id <= kRequests; ++id) {
        link::append_request(out, id, link::Operation::random, deadline, link::RandomRequest{1024});
    }
    client.send(out);
    Client control = rig.control();
    ASSERT_TRUE(eventually([&] {
        const auto status = control.control<control::Status>(control::Operation::status, control::Empty{});
        return status && status->counters.operations >= kRequests;
    }));
    rig.host().signal(SIGTERM);
    ASSERT_TRUE(eventually([&] { return rig.log().find("draining") != std::string::npos; }));
    std::uint64_t received = 0;
    while (received < kRequests && client.receive()) {
        ++received;
    }
    EXPECT_EQ(received, kRequests);
    const auto status = rig.host().wait_exit(std::chrono::seconds(10));
    ASSERT_TRUE(status);
    EXPECT_EQ(*status, 0) << rig.log();
}

TEST_F(Process, NobodyIsAdmittedWhileItEnds) {
    ASSERT_NO_FATAL_FAILURE(rig.start());
    ASSERT_NO_FATAL_FAILURE(rig.found());
    Client control = rig.control();
    Client client = rig.data();
    link::WipedBuffer out;
    for (std::uint64_t id = 1; id <= 4; ++id) {  // seconds of work
        link::append_request(
            out, id, link::Operation::create_key, SystemClock().mono() + kPatience,
            link::CreateKeyRequest{kAccount, "rsa", {}, "RSA_4096", "SIGN_VERIFY", "AWS_KMS"});
    }
    link::append_request(out, 5, link::Operation::random, SystemClock().mono() + kPatience,
                         link::RandomRequest{1});
    client.send(out);
    ASSERT_EQ(client.receive()->id, 5U);  // so the others are under way
    rig.host().signal(SIGTERM);
    ASSERT_TRUE(eventually([&] { return rig.log().find("draining") != std::string::npos; }));
    const auto admitted = control.control<control::Empty>(control::Operation::admit,
                                                          control::Admit{std::string(kClusterName), 1});
    ASSERT_FALSE(admitted);
    EXPECT_EQ(admitted.error().code, Errc::not_admitted) << admitted.error().describe();
}

TEST_F(Process, InheritedDescriptorsAreClosedAndCoresAreOff) {
    const int stray = open((rig.state() + "/stray").c_str(), O_CREAT | O_RDWR, 0600);  // inherited on purpose
    ASSERT_NO_FATAL_FAILURE(rig.start());
    close(stray);
    const std::string process = "/proc/" + std::to_string(rig.host().pid());
    for (const auto& entry : std::filesystem::directory_iterator(process + "/fd")) {
        std::error_code gone;
        EXPECT_EQ(std::filesystem::read_symlink(entry.path(), gone).string().find("stray"),
                  std::string::npos);
    }
    const std::string limits = read_text(process + "/limits");
    EXPECT_NE(limits.find("Max core file size        0                    0"), std::string::npos) << limits;
}

TEST_F(Process, ModuleOrTokenMissingIsOneLineThatSaysWhatToDo) {
    std::vector<std::string> arguments = rig.arguments();
    arguments.insert(arguments.end(), {"--serial", "ffffffffffffffff"});
    Child child(spawn_host(arguments, rig.log_path()));
    const auto status = child.wait_exit(std::chrono::seconds(10));
    ASSERT_TRUE(status);
    EXPECT_EQ(WEXITSTATUS(*status), link::kExitUnfit);
    EXPECT_NE(rig.log().find("ffffffffffffffff"), std::string::npos) << rig.log();
}

}  // namespace
}  // namespace claviger::host::test
