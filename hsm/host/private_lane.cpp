#include "hsm/host/private_lane.hpp"

#include "hsm/host/log.hpp"
#include "hsm/link/message.hpp"

namespace claviger::host {

void PrivateLane::give_up(hsm::Lane& lane, std::unique_ptr<hsm::Key> key) {
    const Status<> destroyed = lane.destroy_key(*key, hsm::Lane::Reach::handle);
    if (!destroyed) {
        log(Level::warning, "a key given up could not be destroyed: " + destroyed.error().describe());
    }
}

Result<hsm::Key*> PrivateLane::use(hsm::Lane& lane, link::Operation operation, const link::KeyUse& key) {
    if (hsm::Key* loaded = keys_.find(key.name)) {
        const bool placing = operation == link::Operation::load_key;
        Status<> resident = done;
        if (residency_ == hsm::Residency::token) {
            resident = lane.check_resident(
                *loaded, placing ? std::chrono::milliseconds() : hsm::Lane::kResidentInterval);
        }
        if (resident) {
            return loaded;
        }
        give_up(lane, keys_.remove(key.name));
        if (!placing) {
            return std::move(resident).error();
        }
    }
    if (key.token.empty()) {
        return Error(Errc::key_not_loaded, {});
    }
    Result<std::unique_ptr<hsm::Key>> loaded = load_for(operation, lane, key.token, residency_);
    if (!loaded) {
        Error failure = load_failure(loaded.error());
        log(Level::warning, "a key could not be loaded: " + failure.describe());
        return failure;
    }
    if (!is_named(**loaded, key.name)) {
        give_up(lane, std::move(*loaded));
        return Error(Errc::integrity, "the key token belongs to another key");
    }
    for (std::unique_ptr<hsm::Key>& gone : keys_.insert(key.name, std::move(*loaded))) {
        give_up(lane, std::move(gone));
    }
    return keys_.find(key.name);  // its first use counts: to load it again is dear
}

// Decodes, finds the key, works; a key that turns out unusable is given up.
template <class Request, class Work>
Status<> PrivateLane::with_key(hsm::Lane& lane, const link::FrameView& frame, Work work) {
    const auto request = link::decode<Request>(frame.payload);
    if (!request) {
        return Error(Errc::protocol_error, "request does not decode");
    }
    const Result<hsm::Key*> key = use(lane, static_cast<link::Operation>(frame.code), request->key);
    if (!key) {
        return key.error();
    }
    Status<> worked = work(**key, *request);
    if (!worked && worked.error().code == Errc::key_fault) {
        if (std::unique_ptr<hsm::Key> bad = keys_.remove(request->key.name)) {
            give_up(lane, std::move(bad));
        }
    }
    return worked;
}

Status<> PrivateLane::work(hsm::Lane& lane, link::Operation operation, const link::FrameView& frame,
                           link::WipedBuffer& out) {
    const auto reply = [&](const auto& message) -> Status<> {
        link::append_reply(out, frame.id, message);
        return done;
    };
    switch (operation) {
        case link::Operation::load_key:
            return with_key<link::LoadKeyRequest>(lane, frame, [&](hsm::Key&, const link::LoadKeyRequest&) {
                return reply(link::EmptyReply{});
            });
        case link::Operation::sign:
            return with_key<link::SignRequest>(
                lane, frame, [&](hsm::Key& key, const link::SignRequest& request) -> Status<> {
                    const Result<Bytes> signature = lane.sign(key, request.kind, request.digest);
                    return signature ? reply(link::SignatureReply{*signature}) : signature.error();
                });
        case link::Operation::rsa_decrypt:
            return with_key<link::RsaDecryptRequest>(
                lane, frame, [&](hsm::Key& key, const link::RsaDecryptRequest& request) -> Status<> {
                    const Result<SecretBytes> plain = lane.rsa_decrypt(key, request.hash, request.ciphertext);
                    return plain ? reply(link::PlaintextReply{plain->reveal(SecretAccess())}) : plain.error();
                });
        case link::Operation::derive:
            return with_key<link::DeriveRequest>(
                lane, frame, [&](hsm::Key& key, const link::DeriveRequest& request) -> Status<> {
                    const Result<SecretBytes> secret = lane.derive(key, request.peer);
                    return secret ? reply(link::PlaintextReply{secret->reveal(SecretAccess())})
                                  : secret.error();
                });
        case link::Operation::encrypt:
        case link::Operation::decrypt:
        case link::Operation::re_encrypt:
        case link::Operation::generate_data_key:
        case link::Operation::random:
        case link::Operation::create_key:
        case link::Operation::destroy_key:
        case link::Operation::prove:
        case link::Operation::canary:
        case link::Operation::mac:
        case link::Operation::generate_pair:
        case link::Operation::import_key: break;
    }
    return Error(Errc::internal, "not work with a private key");
}

PrivateLane::Answer PrivateLane::run(hsm::Lane& lane, link::Operation operation,
                                     const link::FrameView& frame) {
    Answer answer;
    Status<> worked = work(lane, operation, frame, answer.frame);
    if (!worked && worked.error().code == Errc::session_fault && lane.renew_session()) {
        worked = work(lane, operation, frame, answer.frame);
    }
    if (!worked) {
        link::append_error(answer.frame, frame.id, worked.error());
        answer.failure = worked.error().code;
    }
    return answer;
}

Status<> PrivateLane::destroy(hsm::Lane& lane, const link::KeyName& name) {
    const std::unique_ptr<hsm::Key> key = keys_.remove(name);
    return key ? lane.destroy_key(*key, hsm::Lane::Reach::everywhere) : Status<>(done);
}

}  // namespace claviger::host
