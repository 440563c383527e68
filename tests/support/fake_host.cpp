#include "tests/support/fake_host.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace claviger::testing {

using link::WipedBuffer;
namespace control = link::control;
using Clock = std::chrono::steady_clock;

struct FakeHost::Peer {
    int fd = -1;
    bool is_control = false;
    link::FrameReader reader{link::kMaxControlFrame};
    WipedBuffer held;  // a reply that waits for the next one
};

struct FakeHost::Delayed {
    Clock::time_point due;
    int fd;
    WipedBuffer frame;
};

namespace {

int listen_at(const std::filesystem::path& directory, const char* name) {
    const std::filesystem::path path = directory / name;
    ::unlink(path.c_str());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
    if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd, 64) != 0) {
        std::perror(path.c_str());
        std::abort();
    }
    return fd;
}

void send_all(int fd, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
}

}  // namespace

FakeHost::FakeHost(FakeHostOptions options) : options_(std::move(options)) {}

FakeHost::~FakeHost() {
    stop();
}

void FakeHost::start() {
    std::filesystem::create_directories(options_.directory);
    control_ = listen_at(options_.directory, "control.sock");
    data_ = listen_at(options_.directory, "data.sock");
    if (::pipe(wake_) != 0) {
        std::abort();
    }
    stopping_ = false;
    frozen_ = false;
    thread_ = std::thread([this] { serve(); });
}

void FakeHost::stop() {
    if (!thread_.joinable()) {
        return;
    }
    stopping_ = true;
    (void)!::write(wake_[1], "x", 1);
    thread_.join();
    ::unlink((options_.directory / "data.sock").c_str());
    ::unlink((options_.directory / "control.sock").c_str());
    for (const int fd : {data_, control_, wake_[0], wake_[1]}) {
        ::close(fd);
    }
    for (const std::unique_ptr<Peer>& peer : peers_) {
        ::close(peer->fd);
    }
    peers_.clear();
    delayed_.clear();
    const std::lock_guard lock(mutex_);
    keys_.clear();
    admitted_ = false;
}

void FakeHost::freeze() {
    frozen_ = true;
    (void)!::write(wake_[1], "x", 1);
}

void FakeHost::thaw() {
    frozen_ = false;
    (void)!::write(wake_[1], "x", 1);
}

void FakeHost::order(const Fault& fault) {
    const std::lock_guard lock(mutex_);
    faults_.push_back(fault);
}

void FakeHost::refuse(control::Operation operation, std::optional<Errc> with) {
    const std::lock_guard lock(mutex_);
    options_.refusals.erase(operation);
    if (with) {
        options_.refusals.emplace(operation, *with);
    }
}

std::uint64_t FakeHost::served(link::Operation operation) const {
    const std::lock_guard lock(mutex_);
    const auto found = served_.find(operation);
    return found == served_.end() ? 0 : found->second;
}

std::uint64_t FakeHost::asked(control::Operation operation) const {
    const std::lock_guard lock(mutex_);
    const auto found = asked_.find(operation);
    return found == asked_.end() ? 0 : found->second;
}

bool FakeHost::holds(const link::KeyName& name) const {
    const std::lock_guard lock(mutex_);
    return keys_.contains(name);
}

void FakeHost::drop_keys() {
    const std::lock_guard lock(mutex_);
    keys_.clear();
}

bool FakeHost::admitted() const {
    const std::lock_guard lock(mutex_);
    return admitted_;
}

void FakeHost::serve() {
    while (!stopping_) {
        std::vector<pollfd> fds{{wake_[0], POLLIN, 0}};
        if (!frozen_) {
            fds.push_back({data_, POLLIN, 0});
            fds.push_back({control_, POLLIN, 0});
            for (const std::unique_ptr<Peer>& peer : peers_) {
                fds.push_back({peer->fd, POLLIN, 0});
            }
        }
        int timeout = -1;
        if (!frozen_ && !delayed_.empty()) {
            timeout = 1;
        }
        ::poll(fds.data(), fds.size(), timeout);
        if ((fds[0].revents & POLLIN) != 0) {
            char drain[16];
            (void)!::read(wake_[0], drain, sizeof drain);
        }
        if (stopping_ || frozen_) {
            continue;
        }
        std::erase_if(delayed_, [](Delayed& one) {
            if (one.due > Clock::now()) {
                return false;
            }
            send_all(one.fd, one.frame);
            return true;
        });
        std::set<int> ended;
        for (const pollfd& ready : fds) {
            if (ready.revents == 0 || ready.fd == wake_[0]) {
                continue;
            }
            if (ready.fd == data_ || ready.fd == control_) {
                auto peer = std::make_unique<Peer>();
                peer->fd = ::accept4(ready.fd, nullptr, nullptr, SOCK_CLOEXEC);
                peer->is_control = ready.fd == control_;
                peers_.push_back(std::move(peer));
                continue;
            }
            for (const std::unique_ptr<Peer>& peer : peers_) {
                if (peer->fd == ready.fd && !read_from(*peer)) {
                    ended.insert(peer->fd);
                }
            }
        }
        std::erase_if(peers_, [&](const std::unique_ptr<Peer>& peer) {
            if (!ended.contains(peer->fd)) {
                return false;
            }
            std::erase_if(delayed_, [&](const Delayed& one) { return one.fd == peer->fd; });
            ::close(peer->fd);
            return true;
        });
    }
}

bool FakeHost::read_from(Peer& peer) {
    const std::span<std::byte> space = peer.reader.space();
    const ssize_t got = ::recv(peer.fd, space.data(), space.size(), 0);
    if (got <= 0) {
        return false;
    }
    peer.reader.filled(static_cast<std::size_t>(got));
    while (const std::optional<link::FrameView> frame = peer.reader.next()) {
        if (peer.is_control) {
            WipedBuffer reply;
            answer_control(reply, *frame);
            send_all(peer.fd, reply);
            continue;
        }
        Fault fault;
        {
            const std::lock_guard lock(mutex_);
            const auto operation = static_cast<link::Operation>(frame->code);
            if (!faults_.empty() && (!faults_.front().on || *faults_.front().on == operation)) {
                fault = faults_.front();
                faults_.pop_front();
            }
        }
        WipedBuffer reply;
        switch (fault.act) {
            case Fault::Act::pass:
            case Fault::Act::delay:
            case Fault::Act::reverse: work(reply, *frame); break;
            case Fault::Act::error: link::append_error(reply, frame->id, Error(fault.code, "ordered")); break;
            case Fault::Act::drop: continue;
            case Fault::Act::close: return false;
            case Fault::Act::unknown_id:
                link::append_reply(reply, frame->id + 12345, link::EmptyReply{});
                break;
            case Fault::Act::oversize: reply.resize(link::kFrameHeader, std::byte{0xff}); break;
            case Fault::Act::bad_status:
                link::end_frame(reply, link::begin_frame(reply, frame->id, 77, 0));
                break;
            case Fault::Act::junk: {
                const std::size_t start = link::begin_frame(reply, frame->id, 0, 0);
                reply.resize(reply.size() + 7, std::byte{0xee});
                link::end_frame(reply, start);
                break;
            }
            case Fault::Act::wrong_content:
                link::append_reply(reply, frame->id, link::BlobReply{as_bytes("not what was asked for")});
                break;
        }
        if (fault.act == Fault::Act::delay) {
            delayed_.push_back(Delayed{Clock::now() + fault.delay, peer.fd, std::move(reply)});
        } else if (fault.act == Fault::Act::reverse) {
            peer.held = std::move(reply);
        } else {
            send_all(peer.fd, reply);
            send_all(peer.fd, peer.held);
            peer.held.clear();
        }
    }
    return !peer.reader.broken();
}

}  // namespace claviger::testing
