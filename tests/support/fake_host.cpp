#include "tests/support/fake_host.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <claviger/base/digest.hpp>

#include "hsm/link/blob.hpp"
#include "hsm/link/key_token.hpp"

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

std::array<std::byte, link::kGcmTag> fake_tag(const link::KeyName& name, ByteView plaintext,
                                              ByteView context) {
    Bytes all(name.key_tag.begin(), name.key_tag.end());
    append(all, name.material);
    append(all, plaintext);
    append(all, context);
    const Sha256Digest digest = sha256(all);
    std::array<std::byte, link::kGcmTag> tag;
    std::copy_n(digest.begin(), tag.size(), tag.begin());
    return tag;
}

Bytes fake_encrypt(const link::KeyName& name, ByteView plaintext, ByteView context) {
    const auto header = link::blob_header(name, 12);
    Bytes blob(header.begin(), header.end());
    blob.resize(blob.size() + 12);
    for (const std::byte b : plaintext) {
        blob.push_back(b ^ std::byte{0x5a});
    }
    append(blob, fake_tag(name, plaintext, context));
    return blob;
}

std::optional<Bytes> fake_decrypt(const link::KeyName& name, ByteView blob, ByteView context) {
    const auto view = link::parse_blob(blob);
    const bool same_iv =
        view && std::all_of(view->iv.begin(), view->iv.end(), [](std::byte b) { return b == std::byte{0}; });
    if (!same_iv || view->name != name) {
        return std::nullopt;
    }
    Bytes plaintext;
    for (const std::byte b : view->ciphertext) {
        plaintext.push_back(b ^ std::byte{0x5a});
    }
    const auto tag = fake_tag(name, plaintext, context);
    if (!std::equal(tag.begin(), tag.end(), view->sealed.end() - link::kGcmTag)) {
        return std::nullopt;
    }
    return plaintext;
}

Bytes sign(EVP_PKEY* key, ByteView message) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    std::size_t size = 0;
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, as_uchar(message), message.size()) != 1) {
        std::abort();
    }
    Bytes signature(size);
    if (EVP_DigestSign(context.get(), as_uchar_out(signature), &size, as_uchar(message), message.size()) !=
        1) {
        std::abort();
    }
    signature.resize(size);
    return signature;
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
            answer_control(peer, *frame);
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

bool FakeHost::use_key(WipedBuffer& out, std::uint64_t id, const link::KeyUse& use) {
    if (!use.token.empty()) {
        const auto token = link::parse_key_token(use.token);
        if (!token || link::key_name(token->header) != use.name) {
            link::append_error(out, id, Error(Errc::integrity, "token of another key"));
            return false;
        }
        keys_.insert(use.name);
    }
    if (!keys_.contains(use.name)) {
        link::append_error(out, id, Error(Errc::key_not_loaded, "send the token"));
        return false;
    }
    return true;
}

void FakeHost::work(WipedBuffer& out, const link::FrameView& frame) {
    const std::lock_guard lock(mutex_);
    const auto operation = static_cast<link::Operation>(frame.code);
    ++served_[operation];
    const link::OperationRow* row = link::find_operation(operation);
    if (row == nullptr || (row->gate == link::Gate::admitted && !admitted_)) {
        link::append_error(out, frame.id, Error(Errc::not_admitted, "closed"));
        return;
    }
    if (frame.deadline != 0 && link::from_wire(frame.deadline) < Clock::now()) {
        link::append_error(out, frame.id, Error(Errc::deadline_exceeded, "too old"));
        return;
    }
    switch (operation) {
        case link::Operation::encrypt: {
            const auto request = *link::decode<link::EncryptRequest>(frame.payload);
            if (use_key(out, frame.id, request.key)) {
                const Bytes blob = fake_encrypt(request.key.name, request.plaintext, request.context);
                link::append_reply(out, frame.id, link::BlobReply{blob});
            }
            return;
        }
        case link::Operation::decrypt: {
            const auto request = *link::decode<link::DecryptRequest>(frame.payload);
            if (!use_key(out, frame.id, request.key)) {
                return;
            }
            const auto plaintext = fake_decrypt(request.key.name, request.blob, request.context);
            if (plaintext) {
                link::append_reply(out, frame.id, link::PlaintextReply{*plaintext});
            } else {
                link::append_error(out, frame.id, Error(Errc::data_invalid, "bad tag"));
            }
            return;
        }
        case link::Operation::re_encrypt: {
            const auto request = *link::decode<link::ReEncryptRequest>(frame.payload);
            if (!use_key(out, frame.id, request.source) || !use_key(out, frame.id, request.destination)) {
                return;
            }
            const auto plaintext = fake_decrypt(request.source.name, request.blob, request.source_context);
            if (plaintext) {
                const Bytes blob =
                    fake_encrypt(request.destination.name, *plaintext, request.destination_context);
                link::append_reply(out, frame.id, link::BlobReply{blob});
            } else {
                link::append_error(out, frame.id, Error(Errc::data_invalid, "bad tag"));
            }
            return;
        }
        case link::Operation::generate_data_key: {
            const auto request = *link::decode<link::GenerateDataKeyRequest>(frame.payload);
            if (use_key(out, frame.id, request.key)) {
                const Bytes plaintext(request.size, std::byte{0x33});
                const Bytes blob = fake_encrypt(request.key.name, plaintext, request.context);
                const ByteView shown = request.with_plaintext ? ByteView(plaintext) : ByteView{};
                link::append_reply(out, frame.id, link::DataKeyReply{shown, blob});
            }
            return;
        }
        case link::Operation::random: {
            const Bytes plaintext(link::decode<link::RandomRequest>(frame.payload)->size, std::byte{0x44});
            link::append_reply(out, frame.id, link::PlaintextReply{plaintext});
            return;
        }
        case link::Operation::create_key: {
            const auto request = *link::decode<link::CreateKeyRequest>(frame.payload);
            const Bytes material(40, std::byte{0x77});
            link::KeyToken token;
            token.header = {"cluster-fake",
                            1,
                            link::kWrapRfc5649,
                            request.account,
                            request.key_id,
                            request.material_id,
                            request.origin,
                            request.spec,
                            request.usage,
                            {},
                            {}};
            token.wrapped = material;
            const std::optional<Bytes> encoded = link::encode_key_token(token);
            if (encoded) {
                link::append_reply(out, frame.id, link::KeyTokenReply{*encoded, {}});
            } else {
                link::append_error(out, frame.id, Error(Errc::unsupported, "no such key"));
            }
            return;
        }
        case link::Operation::load_key: {
            const auto request = *link::decode<link::LoadKeyRequest>(frame.payload);
            if (use_key(out, frame.id, request.key)) {
                link::append_reply(out, frame.id, link::EmptyReply{});
            }
            return;
        }
        case link::Operation::destroy_key:
            keys_.erase(link::decode<link::DestroyKeyRequest>(frame.payload)->name);
            link::append_reply(out, frame.id, link::EmptyReply{});
            return;
        case link::Operation::prove: {
            const auto request = *link::decode<link::ProveRequest>(frame.payload);
            const Bytes signature = sign(options_.identity, request.challenge);
            link::append_reply(out, frame.id, link::SignatureReply{signature});
            return;
        }
        case link::Operation::mac: {
            const auto request = *link::decode<link::MacRequest>(frame.payload);
            if (use_key(out, frame.id, request.key)) {
                const Sha256Digest mac = sha256(request.message);
                link::append_reply(out, frame.id, link::SignatureReply{mac});
            }
            return;
        }
        case link::Operation::sign: {
            const auto request = *link::decode<link::SignRequest>(frame.payload);
            if (use_key(out, frame.id, request.key)) {
                link::append_reply(out, frame.id, link::SignatureReply{request.digest});
            }
            return;
        }
        case link::Operation::rsa_decrypt:
        case link::Operation::derive:
        case link::Operation::generate_pair:
        case link::Operation::import_key:
            link::append_error(out, frame.id, Error(Errc::unsupported, "not faked"));
            return;
        case link::Operation::canary: link::append_reply(out, frame.id, link::EmptyReply{}); return;
    }
}

void FakeHost::answer_control(Peer& peer, const link::FrameView& frame) {
    WipedBuffer out;
    {
        const std::lock_guard lock(mutex_);
        const auto operation = static_cast<control::Operation>(frame.code);
        ++asked_[operation];
        const auto refusal = options_.refusals.find(operation);
        if (refusal != options_.refusals.end()) {
            link::append_error(out, frame.id, Error(refusal->second, "ordered"));
        } else if (operation == control::Operation::status) {
            control::Status status;
            status.serial = options_.serial;
            status.certificate = options_.certificate;
            status.process = static_cast<std::uint64_t>(::getpid());
            status.has_pin = true;
            status.counters.keys_loaded = keys_.size();
            control::append_reply(out, frame.id, status);
        } else if (operation == control::Operation::check_cluster) {
            const auto request = control::decode<control::CheckCluster>(frame.payload);
            if (request && request->check_token == options_.check_token) {
                control::append_reply(out, frame.id, control::Empty{});
            } else {
                link::append_error(out, frame.id, Error(Errc::data_invalid, "not our wrapping key"));
            }
        } else if (operation == control::Operation::list_objects) {
            control::append_reply(out, frame.id, control::ObjectList{});
        } else {
            admitted_ = operation == control::Operation::admit ||
                        (admitted_ && operation != control::Operation::refuse);
            control::append_reply(out, frame.id, control::Empty{});
        }
    }
    send_all(peer.fd, out);
}

Bytes fake_key_token(std::string_view account, std::string_view key_id, std::byte material) {
    const Bytes wrapped(40, material);
    link::KeyToken token;
    token.header.cluster_id = "cluster-fake";
    token.header.cwk_generation = 1;
    token.header.wrap_algorithm = link::kWrapRfc5649;
    token.header.account = account;
    token.header.key_id = key_id;
    token.header.material_id.fill(material);
    token.header.origin = "AWS_KMS";
    token.header.spec = "SYMMETRIC_DEFAULT";
    token.header.usage = "ENCRYPT_DECRYPT";
    token.wrapped = wrapped;
    std::optional<Bytes> encoded = link::encode_key_token(token);
    if (!encoded) {
        std::abort();
    }
    return *std::move(encoded);
}

}  // namespace claviger::testing
