#include "hsm/host/fast_lane.hpp"

#include <utility>

#include "hsm/link/blob.hpp"

namespace claviger::host {

namespace {

using link::FrameView;
using link::WipedBuffer;

constexpr std::size_t kLength = sizeof(std::uint32_t);

Error malformed() {
    return Error(Errc::protocol_error, "request does not decode");
}

std::uint8_t success() noexcept {
    return static_cast<std::uint8_t>(link::ReplyStatus::success);
}

// A reply whose one variable-size field is written by the token itself: length, then room for it.
class FieldWriter {
public:
    explicit FieldWriter(WipedBuffer& out) : out_(out) {}
    std::span<std::byte> open(std::size_t room) {
        at_ = out_.size();
        out_.resize(at_ + kLength + room);
        return std::span(out_).subspan(at_ + kLength);
    }
    void close(std::size_t size) {
        for (std::size_t i = 0; i < kLength; ++i) {
            out_[at_ + i] = static_cast<std::byte>((size >> (8 * i)) & 0xff);
        }
        wipe(std::span(out_).subspan(at_ + kLength + size));
        out_.resize(at_ + kLength + size);
    }

private:
    WipedBuffer& out_;
    std::size_t at_ = 0;
};

// Takes back a reply that was begun.
void cut_back(WipedBuffer& out, std::size_t start) noexcept {
    wipe(std::span(out).subspan(start));
    out.resize(start);
}

}  // namespace

void count_error(link::control::Counters& counters, Errc code) noexcept {
    switch (code) {
        case Errc::data_invalid: ++counters.data_faults; return;
        case Errc::key_fault: ++counters.key_faults; return;
        case Errc::deadline_exceeded: ++counters.late; return;
        case Errc::overloaded: ++counters.overloaded; return;
        case Errc::session_fault:
        case Errc::not_logged_in:
        case Errc::hsm_fault:
        case Errc::hsm_gone: ++counters.hsm_faults; return;
        case Errc::internal:
        case Errc::key_not_loaded:
        case Errc::unsupported:
        case Errc::pin_refused:
        case Errc::no_hsm:
        case Errc::not_admitted:
        case Errc::protocol_error:
        case Errc::io_error:
        case Errc::bad_config:
        case Errc::conflict:
        case Errc::not_found:
        case Errc::integrity: return;
    }
}

void FastLane::fail(const Error& error, const link::KeyName* key, const FrameView& frame, WipedBuffer& out) {
    count_error(counters_, error.code);
    if (error.code == Errc::key_fault && key != nullptr) {
        if (std::unique_ptr<hsm::Key> bad = keys_.remove(*key)) {
            faulty_.push_back(std::move(bad));
        }
    }
    link::append_error(out, frame.id, error);
}

// Work that met a dead session is repeated once on a new one (CKR table: scope session).
template <class Work>
auto FastLane::with_fresh_session(Work work) {
    auto result = work();
    if (!result && result.error().code == Errc::session_fault && lane_->renew_session()) {
        result = work();
    }
    return result;
}

std::optional<LoadWanted> FastLane::missing(const link::KeyUse& key, const FrameView& frame,
                                            WipedBuffer& out) {
    if (!key.token.empty()) {
        return LoadWanted{key.name, key.token};
    }
    link::append_error(out, frame.id, Error(Errc::key_not_loaded, {}));
    return std::nullopt;
}

std::optional<LoadWanted> FastLane::run(link::Operation operation, const FrameView& frame, WipedBuffer& out) {
    switch (operation) {
        case link::Operation::encrypt: return encrypt(frame, out);
        case link::Operation::decrypt: return decrypt(frame, out);
        case link::Operation::re_encrypt: return re_encrypt(frame, out);
        case link::Operation::generate_data_key: return generate_data_key(frame, out);
        case link::Operation::random: random(frame, out); return std::nullopt;
        case link::Operation::load_key: return load(frame, out);
        case link::Operation::canary: canary(frame, out); return std::nullopt;
        case link::Operation::create_key:
        case link::Operation::destroy_key:
        case link::Operation::prove: break;
    }
    fail(Error(Errc::internal, "not a fast-lane operation"), nullptr, frame, out);
    return std::nullopt;
}

std::optional<LoadWanted> FastLane::encrypt(const FrameView& frame, WipedBuffer& out) {
    const auto request = link::decode<link::EncryptRequest>(frame.payload);
    if (!request) {
        fail(malformed(), nullptr, frame, out);
        return std::nullopt;
    }
    hsm::Key* key = keys_.find(request->key.name);
    if (key == nullptr) {
        return missing(request->key, frame, out);
    }
    const std::size_t start = link::begin_frame(out, frame.id, success(), 0);
    FieldWriter blob(out);
    const std::span<std::byte> room = blob.open(hsm::Lane::blob_room(request->plaintext.size()));
    const Result<std::size_t> size =
        with_fresh_session([&] { return lane_->encrypt(*key, request->plaintext, request->context, room); });
    if (!size) {
        cut_back(out, start);
        fail(size.error(), &request->key.name, frame, out);
        return std::nullopt;
    }
    blob.close(*size);
    link::end_frame(out, start);
    return std::nullopt;
}

std::optional<LoadWanted> FastLane::decrypt(const FrameView& frame, WipedBuffer& out) {
    const auto request = link::decode<link::DecryptRequest>(frame.payload);
    if (!request) {
        fail(malformed(), nullptr, frame, out);
        return std::nullopt;
    }
    hsm::Key* key = keys_.find(request->key.name);
    if (key == nullptr) {
        return missing(request->key, frame, out);
    }
    const std::size_t start = link::begin_frame(out, frame.id, success(), 0);
    FieldWriter plaintext(out);
    const std::span<std::byte> room = plaintext.open(request->blob.size());
    const Result<std::size_t> size =
        with_fresh_session([&] { return lane_->decrypt(*key, request->blob, request->context, room); });
    if (!size) {
        cut_back(out, start);
        fail(size.error(), &request->key.name, frame, out);
        return std::nullopt;
    }
    plaintext.close(*size);
    link::end_frame(out, start);
    return std::nullopt;
}

std::optional<LoadWanted> FastLane::re_encrypt(const FrameView& frame, WipedBuffer& out) {
    const auto request = link::decode<link::ReEncryptRequest>(frame.payload);
    if (!request) {
        fail(malformed(), nullptr, frame, out);
        return std::nullopt;
    }
    hsm::Key* source = keys_.find(request->source.name);
    if (source == nullptr) {
        return missing(request->source, frame, out);
    }
    hsm::Key* destination = keys_.find(request->destination.name);
    if (destination == nullptr) {
        return missing(request->destination, frame, out);
    }
    const std::span<std::byte> scratch = scratch_.reveal_mutable(SecretAccess());
    const Result<std::size_t> opened = with_fresh_session(
        [&] { return lane_->decrypt(*source, request->blob, request->source_context, scratch); });
    if (!opened) {
        wipe(scratch.first(request->blob.size()));
        fail(opened.error(), &request->source.name, frame, out);
        return std::nullopt;
    }
    const ByteView plaintext = scratch.first(*opened);
    const std::size_t start = link::begin_frame(out, frame.id, success(), 0);
    FieldWriter blob(out);
    const std::span<std::byte> room = blob.open(hsm::Lane::blob_room(plaintext.size()));
    const Result<std::size_t> size = with_fresh_session(
        [&] { return lane_->encrypt(*destination, plaintext, request->destination_context, room); });
    wipe(scratch.first(request->blob.size()));
    if (!size) {
        cut_back(out, start);
        fail(size.error(), &request->destination.name, frame, out);
        return std::nullopt;
    }
    blob.close(*size);
    link::end_frame(out, start);
    return std::nullopt;
}

std::optional<LoadWanted> FastLane::generate_data_key(const FrameView& frame, WipedBuffer& out) {
    const auto request = link::decode<link::GenerateDataKeyRequest>(frame.payload);
    if (!request) {
        fail(malformed(), nullptr, frame, out);
        return std::nullopt;
    }
    hsm::Key* key = keys_.find(request->key.name);
    if (key == nullptr) {
        return missing(request->key, frame, out);
    }
    const std::span<std::byte> fresh = scratch_.reveal_mutable(SecretAccess()).first(request->size);
    const Status<> drawn = with_fresh_session([&] { return lane_->random(fresh); });
    if (!drawn) {
        wipe(fresh);
        fail(drawn.error(), nullptr, frame, out);
        return std::nullopt;
    }
    const std::size_t start = link::begin_frame(out, frame.id, success(), 0);
    WireWriter(out).bytes(request->with_plaintext ? ByteView(fresh) : ByteView());
    FieldWriter blob(out);
    const std::span<std::byte> room = blob.open(hsm::Lane::blob_room(fresh.size()));
    const Result<std::size_t> size =
        with_fresh_session([&] { return lane_->encrypt(*key, fresh, request->context, room); });
    wipe(fresh);
    if (!size) {
        cut_back(out, start);
        fail(size.error(), &request->key.name, frame, out);
        return std::nullopt;
    }
    blob.close(*size);
    link::end_frame(out, start);
    return std::nullopt;
}

void FastLane::random(const FrameView& frame, WipedBuffer& out) {
    const auto request = link::decode<link::RandomRequest>(frame.payload);
    if (!request) {
        fail(malformed(), nullptr, frame, out);
        return;
    }
    const std::size_t start = link::begin_frame(out, frame.id, success(), 0);
    FieldWriter plaintext(out);
    const std::span<std::byte> room = plaintext.open(request->size);
    const Status<> drawn = with_fresh_session([&] { return lane_->random(room); });
    if (!drawn) {
        cut_back(out, start);
        fail(drawn.error(), nullptr, frame, out);
        return;
    }
    plaintext.close(request->size);
    link::end_frame(out, start);
}

std::optional<LoadWanted> FastLane::load(const FrameView& frame, WipedBuffer& out) {
    const auto request = link::decode<link::LoadKeyRequest>(frame.payload);
    if (!request) {
        fail(malformed(), nullptr, frame, out);
        return std::nullopt;
    }
    if (keys_.find(request->key.name) == nullptr) {
        return LoadWanted{request->key.name, request->key.token};
    }
    link::append_reply(out, frame.id, link::EmptyReply{});
    return std::nullopt;
}

void FastLane::canary(const FrameView& frame, WipedBuffer& out) {
    if (!check_key_) {
        fail(Error(Errc::not_admitted, "no check token is loaded: check_cluster comes first"), nullptr, frame,
             out);
        return;
    }
    const Status<> verified = with_fresh_session([&] { return lane_->verify(*check_key_); });
    if (!verified) {
        fail(verified.error(), nullptr, frame, out);
        return;
    }
    link::append_reply(out, frame.id, link::EmptyReply{});
}

void FastLane::forget_all() noexcept {
    keys_.clear();
    check_key_.reset();
    faulty_.clear();
}

}  // namespace claviger::host
