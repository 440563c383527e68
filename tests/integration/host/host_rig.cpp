#include "tests/integration/host/host_rig.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "hsm/link/blob.hpp"

namespace claviger::host::test {

TemporaryDirectory::TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "claviger-host-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
        std::abort();
    }
    path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Child& Child::operator=(Child&& other) noexcept {
    kill_and_reap();
    pid_ = std::exchange(other.pid_, -1);
    return *this;
}

void Child::signal(int number) const {
    kill(pid_, number);
}

std::optional<int> Child::wait_exit(std::chrono::seconds limit) {
    int status = 0;
    if (!eventually([&] { return waitpid(pid_, &status, WNOHANG) == pid_; }, limit)) {
        return std::nullopt;
    }
    pid_ = -1;
    return status;
}

void Child::kill_and_reap() {
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
}

Client::~Client() {
    if (socket_ >= 0) {
        close(socket_);
    }
}

Client::Client(Client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), last_id_(other.last_id_), in_(std::move(other.in_)) {}

std::optional<Client> Client::connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        close(socket);
        return std::nullopt;
    }
    return std::optional<Client>(std::in_place, socket);
}

void Client::send(const link::WipedBuffer& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const ssize_t put = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (put <= 0) {
            return;  // the next receive() says that it is closed
        }
        sent += static_cast<std::size_t>(put);
    }
}

std::optional<Reply> Client::receive() {
    for (;;) {
        if (const std::optional<link::FrameView> frame = in_.next()) {
            Reply reply;
            reply.id = frame->id;
            reply.status = static_cast<link::ReplyStatus>(frame->code);
            reply.payload.assign(frame->payload.begin(), frame->payload.end());
            return reply;
        }
        const std::span<std::byte> space = in_.space();
        pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
        if (poll(&ready, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) <= 0) {
            ADD_FAILURE() << "no answer";
            return std::nullopt;
        }
        const ssize_t got = read(socket_, space.data(), space.size());
        if (got <= 0) {
            return std::nullopt;
        }
        in_.filled(static_cast<std::size_t>(got));
    }
}

pid_t spawn_host(const std::vector<std::string>& arguments, const std::string& log, int officer_socket) {
    std::vector<char*> argv;
    std::string program = CLAVIGER_HSM_PROGRAM;
    argv.push_back(program.data());
    std::vector<std::string> copies = arguments;
    for (std::string& argument : copies) {
        argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    const pid_t pid = fork();
    if (pid == 0) {
        const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        dup2(file, STDERR_FILENO);
        if (officer_socket >= 0) {
            dup2(officer_socket, 3);
        }
        execv(program.c_str(), argv.data());
        _exit(127);
    }
    return pid;
}

std::string read_text(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

bool eventually(const std::function<bool()>& true_now, std::chrono::seconds limit) {
    const MonoTime end = SystemClock().mono() + limit;
    while (!true_now()) {
        if (SystemClock().mono() > end) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

const Bytes& recovery_public() {
    static const Bytes der = [] {
        EVP_PKEY* key = EVP_RSA_gen(3072);
        unsigned char* out = nullptr;
        const int size = i2d_PUBKEY(key, &out);
        Bytes made(reinterpret_cast<std::byte*>(out), reinterpret_cast<std::byte*>(out) + size);
        OPENSSL_free(out);
        EVP_PKEY_free(key);
        return made;
    }();
    return der;
}

link::KeyName name_of(std::string_view key_id) {
    link::KeyName name;
    name.key_tag = link::key_tag(kAccount, key_id);
    name.material.fill(std::byte{0x4d});
    return name;
}

HostRig::HostRig() : state_(directory_.path() + "/a") {}
HostRig::~HostRig() {
    if (testing::Test::HasFailure()) {
        fprintf(stderr, "--- log of the host\n%s---\n", log().c_str());
    }
}

std::vector<std::string> HostRig::arguments() const {
    return {"--state",          state_,
            "--module",         "/usr/lib/softhsm/libsofthsm2.so",
            "--supervisor-pid", std::to_string(getpid())};
}

Client HostRig::officer(Child& child) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        std::abort();
    }
    std::vector<std::string> with_mode = arguments();
    with_mode.emplace_back("--officer");
    child = Child(spawn_host(with_mode, log_path(), ends[1]));
    close(ends[1]);
    return Client(ends[0]);
}

void HostRig::provision() {
    Child process;
    Client client = officer(process);
    const auto made = client.control<control::TokenMade>(
        control::Operation::init_token,
        control::InitToken{.label = "hsm-a", .so_pin = officer_pin.clone(), .user_pin = user_pin.clone()});
    ASSERT_TRUE(made) << made.error().describe();
    serial = made->serial;
    const auto trusted = client.control<control::Empty>(
        control::Operation::install_trusted, control::InstallTrusted{.so_pin = officer_pin.clone(),
                                                                     .kind = control::TrustedKind::recovery,
                                                                     .public_key = recovery_public()});
    ASSERT_TRUE(trusted) << trusted.error().describe();
}

void HostRig::start(const std::vector<std::string>& more) {
    std::vector<std::string> all = arguments();
    all.insert(all.end(), more.begin(), more.end());
    host_ = Child(spawn_host(all, log_path()));
    ASSERT_TRUE(eventually([&] { return Client::connect(state_ + "/control.sock").has_value(); })) << log();
}

Client HostRig::control() {
    std::optional<Client> client = Client::connect(state_ + "/control.sock");
    if (!client) {
        ADD_FAILURE() << "control socket does not answer\n" << log();
        return Client(-1);
    }
    return std::move(*client);
}

Client HostRig::data() {
    std::optional<Client> client = Client::connect(state_ + "/data.sock");
    if (!client) {
        ADD_FAILURE() << "data socket does not answer\n" << log();
        return Client(-1);
    }
    return std::move(*client);
}

void HostRig::found() {
    Client client = control();
    const auto pin = client.control<control::Empty>(
        control::Operation::set_user_pin, control::SetUserPin{.current = user_pin.clone(), .fresh = {}});
    ASSERT_TRUE(pin) << pin.error().describe();
    const auto entered = client.control(control::Operation::login);
    ASSERT_TRUE(entered) << entered.error().describe();
    const auto cwk = client.control<control::CwkCreated>(
        control::Operation::create_cwk, control::CreateCwk{std::string(kClusterName), 1, recovery_public()});
    ASSERT_TRUE(cwk) << cwk.error().describe();
    check_token = cwk->check_token;
    const auto identity =
        client.control<control::IdentityCreated>(control::Operation::create_identity, control::Empty{});
    ASSERT_TRUE(identity) << identity.error().describe();
    identity_token = identity->identity_token;
    identity_public = identity->public_key;
    const auto installed = client.control<control::Empty>(control::Operation::install_identity,
                                                          control::InstallIdentity{identity_token});
    ASSERT_TRUE(installed) << installed.error().describe();
    const auto admitted = client.control<control::Empty>(control::Operation::admit,
                                                         control::Admit{std::string(kClusterName), 1});
    ASSERT_TRUE(admitted) << admitted.error().describe();
}

void HostRig::readmit() {
    Client client = control();
    const auto entered = client.control(control::Operation::login);
    ASSERT_TRUE(entered) << entered.error().describe();
    const auto checked = client.control<control::Empty>(
        control::Operation::check_cluster, control::CheckCluster{check_token, std::string(kClusterName), 1});
    ASSERT_TRUE(checked) << checked.error().describe();
    const auto admitted = client.control<control::Empty>(control::Operation::admit,
                                                         control::Admit{std::string(kClusterName), 1});
    ASSERT_TRUE(admitted) << admitted.error().describe();
}

Result<Bytes> HostRig::create_key(std::string_view key_id, std::string_view spec, std::string_view usage) {
    Client client = data();
    link::CreateKeyRequest request{kAccount, key_id, {}, spec, usage, "AWS_KMS"};
    request.material_id.fill(std::byte{0x4d});
    const auto made = client.call<link::KeyTokenReply>(link::Operation::create_key, request);
    if (!made) {
        return made.error();
    }
    return to_bytes(made->token);
}

}  // namespace claviger::host::test
