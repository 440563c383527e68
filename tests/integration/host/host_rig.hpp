// Real claviger-hsm processes on real SoftHSM tokens in temporary directories, and blocking clients for both
// sockets.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

#include "hsm/link/control.hpp"
#include "hsm/link/frame.hpp"

namespace claviger::host::test {

namespace control = link::control;

inline constexpr std::chrono::seconds kPatience(60);  // of the test for one answer, RSA generation included

class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

// A child process; killed and reaped at the end.
class Child {
public:
    Child() = default;
    explicit Child(pid_t pid) noexcept : pid_(pid) {}
    ~Child() { kill_and_reap(); }
    Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    Child& operator=(Child&& other) noexcept;
    pid_t pid() const noexcept { return pid_; }
    void signal(int number) const;
    std::optional<int> wait_exit(std::chrono::seconds limit);  // wait status
    void kill_and_reap();

private:
    pid_t pid_ = -1;
};

struct Reply {
    std::uint64_t id = 0;
    link::ReplyStatus status = link::ReplyStatus::failed;
    SecretBytes::Buffer payload;
    ByteView bytes() const noexcept { return payload; }
};

// A blocking connection.
class Client {
public:
    explicit Client(int socket) noexcept : socket_(socket) {}
    ~Client();
    Client(Client&& other) noexcept;
    Client(const Client&) = delete;
    static std::optional<Client> connect(const std::string& path);

    std::uint64_t next_id() noexcept { return ++last_id_; }
    void send(const link::WipedBuffer& bytes);
    std::optional<Reply> receive();  // nullopt: closed
    bool is_closed_by_peer() { return !receive().has_value(); }

    // One data request and its reply; the reply's views live in `hold`.
    template <class Answer, class Request>
    Result<Answer> call(link::Operation operation, const Request& request,
                        std::chrono::milliseconds time = kPatience) {
        link::WipedBuffer out;
        link::append_request(out, next_id(), operation, SystemClock().mono() + time, request);
        send(out);
        std::optional<Reply> reply = receive();
        if (!reply) {
            return Error(Errc::hsm_gone, "closed");
        }
        if (reply->status != link::ReplyStatus::success) {
            return link::to_error(reply->bytes());
        }
        hold_ = std::move(reply->payload);
        const std::optional<Answer> answer = link::decode<Answer>(ByteView(hold_));
        if (!answer) {
            return Error(Errc::protocol_error, "reply does not decode");
        }
        return *answer;
    }
    template <class Answer, class Request>
    Result<Answer> control(control::Operation operation, const Request& request) {
        link::WipedBuffer out;
        control::append_request(out, next_id(), operation, SystemClock().mono() + kPatience, request);
        send(out);
        std::optional<Reply> reply = receive();
        if (!reply) {
            return Error(Errc::hsm_gone, "closed");
        }
        if (reply->status != link::ReplyStatus::success) {
            return link::to_error(reply->bytes());
        }
        std::optional<Answer> answer = control::decode<Answer>(reply->bytes());
        if (!answer) {
            return Error(Errc::protocol_error, "reply does not decode");
        }
        return std::move(*answer);
    }
    Result<control::Empty> control(control::Operation operation) {
        return control<control::Empty>(operation, control::Empty{});
    }

private:
    int socket_ = -1;
    std::uint64_t last_id_ = 0;
    link::FrameReader in_{link::kMaxControlFrame};
    SecretBytes::Buffer hold_;
};

// Starts the program with these arguments; its log goes to `log`. `officer_socket` becomes descriptor 3.
pid_t spawn_host(const std::vector<std::string>& arguments, const std::string& log, int officer_socket = -1);

std::string read_text(const std::string& path);
// Polls until `true_now` holds; false after the limit.
bool eventually(const std::function<bool()>& true_now, std::chrono::seconds limit = std::chrono::seconds(20));

// SubjectPublicKeyInfo of a fresh RSA-3072 key, made once per test program.
const Bytes& recovery_public();

inline constexpr std::string_view kClusterName = "cluster-abcdefghijk";

// One token and, at most, one host on it.
class HostRig {
public:
    HostRig();
    ~HostRig();

    const std::string& state() const noexcept { return state_; }
    std::string log_path() const { return directory_.path() + "/log"; }
    std::string log() const { return read_text(log_path()); }
    std::vector<std::string> arguments() const;

    // Officer: token with known PINs and the recovery key.
    void provision();
    Client officer(Child& child);
    void start(const std::vector<std::string>& more = {});
    Client control();
    Client data();
    Child& host() noexcept { return host_; }
    // set_user_pin, login, create_cwk, identity, admit.
    void found();
    // login, check_cluster, admit.
    void readmit();

    Result<Bytes> create_key(std::string_view key_id, std::string_view spec = "SYMMETRIC_DEFAULT",
                             std::string_view usage = "ENCRYPT_DECRYPT");

    const SecretBytes officer_pin{std::string_view("officer-pin-4711")};
    const SecretBytes user_pin{std::string_view("user-pin-0815")};
    std::string serial;
    Bytes check_token;
    Bytes identity_token;
    Bytes identity_public;

private:
    TemporaryDirectory directory_;
    std::string state_;
    Child host_;
};

// What names a key of the rig.
inline constexpr std::string_view kAccount = "111122223333";
link::KeyName name_of(std::string_view key_id);

}  // namespace claviger::host::test
