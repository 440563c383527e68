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

// Wipes at the end of the scope, whatever the way out.
class Wiped {
public:
    explicit Wiped(std::span<std::byte> memory) noexcept : memory_(memory) {}
    ~Wiped() { wipe(memory_); }
    Wiped(const Wiped&) = delete;  // one owner of the promise
    Wiped& operator=(const Wiped&) = delete;

private:
    std::span<std::byte> memory_;
};

}  // namespace

// A success reply under construction. What is not finished is taken back, wiped, by the destructor.
class Answer {
public:
    Answer(WipedBuffer& out, std::uint64_t id)
        : out_(out),
          start_(link::begin_frame(out, id, static_cast<std::uint8_t>(link::ReplyStatus::success), 0)) {}
    ~Answer() {
        if (!finished_) {
            wipe(std::span(out_).subspan(start_));
            out_.resize(start_);
        }
    }
    Answer(const Answer&) = delete;  // one frame, one end
    Answer& operator=(const Answer&) = delete;

    void add(ByteView bytes) { WireWriter(out_).bytes(bytes); }
    // A field that the token itself writes: room for it, and how much it took.
    std::span<std::byte> open(std::size_t room) {
        field_ = out_.size();
        out_.resize(field_ + kLength + room);
        return std::span(out_).subspan(field_ + kLength);
    }
    void close(std::size_t size) noexcept {
        for (std::size_t i = 0; i < kLength; ++i) {
            out_[field_ + i] = static_cast<std::byte>((size >> (8 * i)) & 0xff);
        }
        wipe(std::span(out_).subspan(field_ + kLength + size));
        out_.resize(field_ + kLength + size);
    }
    void finish() noexcept {
        link::end_frame(out_, start_);
        finished_ = true;
    }

private:
    WipedBuffer& out_;
    std::size_t start_;
    std::size_t field_ = 0;
    bool finished_ = false;
};

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

void FastLane::blame(const link::KeyName& name) {
    if (std::unique_ptr<hsm::Key> bad = keys_.remove(name)) {
        given_up_.push_back(std::move(bad));
    }
}

void FastLane::hold(const link::KeyName& name, std::unique_ptr<hsm::Key> key) {
    for (std::unique_ptr<hsm::Key>& evicted : keys_.insert(name, std::move(key))) {
        given_up_.push_back(std::move(evicted));
    }
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

Wait FastLane::run(link::Operation operation, const FrameView& frame, WipedBuffer& out, Refusal refusal) {
    Outcome outcome = [&] {
        Answer answer(out, frame.id);
        Outcome done = work(operation, frame.payload, refusal, answer);
        if (done && done->what == Wait::For::nothing) {
            answer.finish();
        }
        return done;
    }();
    if (outcome) {
        return *outcome;
    }
    const Failure& failure = outcome.error();
    count_error(counters_, failure.error.code);
    if (failure.error.code == Errc::key_fault && failure.key) {
        blame(*failure.key);
    }
    link::append_error(out, frame.id, failure.error);
    return Wait{};
}

FastLane::Outcome FastLane::work(link::Operation operation, ByteView payload, Refusal refusal,
                                 Answer& answer) {
    const auto decoded = [&]<class Request>(std::optional<Request> request, auto serve) -> Outcome {
        if (!request) {
            return Failure{malformed()};
        }
        return serve(*request);
    };
    switch (operation) {
        case link::Operation::encrypt:
            return decoded(link::decode<link::EncryptRequest>(payload),
                           [&](const auto& request) { return encrypt(request, answer); });
        case link::Operation::decrypt:
            return decoded(link::decode<link::DecryptRequest>(payload),
                           [&](const auto& request) { return decrypt(request, refusal, answer); });
        case link::Operation::re_encrypt:
            return decoded(link::decode<link::ReEncryptRequest>(payload),
                           [&](const auto& request) { return re_encrypt(request, refusal, answer); });
        case link::Operation::generate_data_key:
            return decoded(link::decode<link::GenerateDataKeyRequest>(payload),
                           [&](const auto& request) { return generate_data_key(request, answer); });
        case link::Operation::mac:
            return decoded(link::decode<link::MacRequest>(payload),
                           [&](const auto& request) { return mac(request, answer); });
        case link::Operation::random:
            return decoded(link::decode<link::RandomRequest>(payload),
                           [&](const auto& request) { return random(request, answer); });
        case link::Operation::load_key:
            return decoded(link::decode<link::LoadKeyRequest>(payload),
                           [&](const auto& request) { return load(request); });
        case link::Operation::canary: return canary();
        case link::Operation::create_key:
        case link::Operation::destroy_key:
        case link::Operation::prove:
        case link::Operation::sign:
        case link::Operation::rsa_decrypt:
        case link::Operation::derive:
        case link::Operation::generate_pair:
        case link::Operation::import_key: break;
    }
    return Failure{Error(Errc::internal, "not a fast-lane operation")};
}

FastLane::Outcome FastLane::missing(const link::KeyUse& key) {
    if (key.token.empty()) {
        return Failure{Error(Errc::key_not_loaded, {})};
    }
    return Wait{.what = Wait::For::load, .name = key.name, .token = key.token};
}

Result<hsm::Key*, FastLane::Outcome> FastLane::held(const link::KeyUse& use) {
    hsm::Key* key = keys_.find(use.name);
    if (key == nullptr) {
        return missing(use);
    }
    if (residency_ == hsm::Residency::token) {
        if (Status<> resident = lane_->check_resident(*key, hsm::Lane::kResidentInterval); !resident) {
            return Outcome(Failure{std::move(resident).error(), use.name});
        }
    }
    return key;
}

FastLane::Outcome FastLane::seal(hsm::Key& key, const link::KeyName& name, ByteView plaintext,
                                 ByteView context, Answer& answer) {
    const std::span<std::byte> room = answer.open(hsm::Lane::blob_room(plaintext.size()));
    const Result<std::size_t> size =
        with_fresh_session([&] { return lane_->encrypt(key, plaintext, context, room); });
    if (!size) {
        return Failure{size.error(), name};
    }
    answer.close(*size);
    return Wait{};
}

// A refusal in the answer means: wait for settle().
Result<hsm::Opening> FastLane::open(hsm::Key& key, ByteView blob, ByteView context, std::span<std::byte> out,
                                    Refusal refusal) {
    const Result<hsm::Opening> opening =
        with_fresh_session([&] { return lane_->try_decrypt(key, blob, context, out); });
    if (!opening || opening->refused == 0) {
        return opening;
    }
    if (refusal == Refusal::believed) {
        return lane_->not_authentic(*opening);
    }
    if (SystemClock().mono() < hsm::Lane::settle_due(key)) {
        return opening;
    }
    return with_fresh_session([&] { return lane_->decrypt(key, blob, context, out); })
        .transform([](std::size_t size) { return hsm::Opening{.size = size}; });
}

Status<> FastLane::settle(const link::KeyName& name) {
    hsm::Key* key = keys_.find(name);
    if (key == nullptr) {
        return done;
    }
    Status<> settled = with_fresh_session([&] { return lane_->settle(*key); });
    if (!settled && settled.error().code == Errc::key_fault) {
        blame(name);
    }
    return settled;
}

FastLane::Outcome FastLane::encrypt(const link::EncryptRequest& request, Answer& answer) {
    const Result<hsm::Key*, Outcome> key = held(request.key);
    if (!key) {
        return key.error();
    }
    return seal(**key, request.key.name, request.plaintext, request.context, answer);
}

FastLane::Outcome FastLane::decrypt(const link::DecryptRequest& request, Refusal refusal, Answer& answer) {
    const Result<hsm::Key*, Outcome> key = held(request.key);
    if (!key) {
        return key.error();
    }
    const std::span<std::byte> room = answer.open(request.blob.size());
    const Result<hsm::Opening> opening = open(**key, request.blob, request.context, room, refusal);
    if (!opening) {
        return Failure{opening.error(), request.key.name};
    }
    if (opening->refused != 0) {
        return Wait{.what = Wait::For::settle, .name = request.key.name, .due = hsm::Lane::settle_due(**key)};
    }
    answer.close(opening->size);
    return Wait{};
}

FastLane::Outcome FastLane::re_encrypt(const link::ReEncryptRequest& request, Refusal refusal,
                                       Answer& answer) {
    const Result<hsm::Key*, Outcome> source = held(request.source);
    if (!source) {
        return source.error();
    }
    const Result<hsm::Key*, Outcome> destination = held(request.destination);
    if (!destination) {
        return destination.error();
    }
    const std::span<std::byte> plaintext = scratch_.reveal_mutable(SecretAccess()).first(request.blob.size());
    const Wiped scope(plaintext);
    const Result<hsm::Opening> opening =
        open(**source, request.blob, request.source_context, plaintext, refusal);
    if (!opening) {
        return Failure{opening.error(), request.source.name};
    }
    if (opening->refused != 0) {
        return Wait{
            .what = Wait::For::settle, .name = request.source.name, .due = hsm::Lane::settle_due(**source)};
    }
    return seal(**destination, request.destination.name, plaintext.first(opening->size),
                request.destination_context, answer);
}

FastLane::Outcome FastLane::generate_data_key(const link::GenerateDataKeyRequest& request, Answer& answer) {
    const Result<hsm::Key*, Outcome> key = held(request.key);
    if (!key) {
        return key.error();
    }
    const std::span<std::byte> fresh = scratch_.reveal_mutable(SecretAccess()).first(request.size);
    const Wiped scope(fresh);
    const Status<> drawn = with_fresh_session([&] { return lane_->random(fresh); });
    if (!drawn) {
        return Failure{drawn.error()};
    }
    answer.add(request.with_plaintext ? ByteView(fresh) : ByteView());
    return seal(**key, request.key.name, fresh, request.context, answer);
}

FastLane::Outcome FastLane::mac(const link::MacRequest& request, Answer& answer) {
    const Result<hsm::Key*, Outcome> key = held(request.key);
    if (!key) {
        return key.error();
    }
    const std::span<std::byte> room = answer.open(kMaxDigest);
    const Result<std::size_t> size =
        with_fresh_session([&] { return lane_->mac(**key, request.message, room); });
    if (!size) {
        return Failure{size.error(), request.key.name};
    }
    answer.close(*size);
    return Wait{};
}

FastLane::Outcome FastLane::random(const link::RandomRequest& request, Answer& answer) {
    const std::span<std::byte> room = answer.open(request.size);
    const Status<> drawn = with_fresh_session([&] { return lane_->random(room); });
    if (!drawn) {
        return Failure{drawn.error()};
    }
    answer.close(request.size);
    return Wait{};
}

FastLane::Outcome FastLane::load(const link::LoadKeyRequest& request) {
    hsm::Key* key = keys_.find(request.key.name);
    const bool there =
        key != nullptr && (residency_ == hsm::Residency::session || lane_->check_resident(*key, {}));
    return there ? Outcome(Wait{}) : missing(request.key);
}

FastLane::Outcome FastLane::canary() {
    if (!check_key_) {
        return Failure{Error(Errc::not_admitted, "no check token is loaded: check_cluster comes first")};
    }
    const Status<> verified = with_fresh_session([&] { return lane_->verify(*check_key_); });
    if (!verified) {
        return Failure{verified.error()};
    }
    return Wait{};
}

void FastLane::forget_all() noexcept {
    keys_.clear();
    check_key_.reset();
    given_up_.clear();
}

}  // namespace claviger::host
