#include "src/kms/recipient.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "src/attestation/envelope.hpp"
#include "src/kms/operation.hpp"

namespace claviger::kms {

asio::awaitable<std::optional<Result<attestation::Document>>> Recipients::check(Bytes document,
                                                                                WallTime now) {
    co_return verifier_.verify(document, now);
}

// A copy of the document, so that the frame of the call may go first.
asio::awaitable<Result<attestation::Document>> Recipients::verify(ByteView document, WallTime now) {
    asio::awaitable<std::optional<Result<attestation::Document>>> work = check(to_bytes(document), now);
    std::optional<Result<attestation::Document>> verdict =
        co_await asio::co_spawn(worker_, std::move(work), asio::use_awaitable);
    co_return *std::move(verdict);
}

asio::awaitable<std::optional<Failure>> read_recipient(Call& call) {
    const boost::json::value* given = call.input->get_object().if_contains("Recipient");
    if (given == nullptr ||
        model::find_member(model::kms().shape(call.model->input), "Recipient") == nullptr) {
        co_return std::nullopt;
    }
    const boost::json::object& recipient = given->get_object();
    const boost::json::value* document = recipient.if_contains("AttestationDocument");
    if (document == nullptr || !recipient.contains("KeyEncryptionAlgorithm")) {
        co_return validation("Recipient needs AttestationDocument and KeyEncryptionAlgorithm.");
    }
    if (call.parts.recipients == nullptr) {
        co_return unsupported(
            "No root of trust for attestation documents is configured; name one in [attestation] roots.");
    }
    const ByteView bytes = as_bytes(wire::text_of(*document));
    Result<attestation::Document> verified = co_await call.parts.recipients->verify(bytes, call.http.time);
    if (!verified) {
        co_return validation(verified.error().detail);
    }
    call.recipient.emplace(*std::move(verified));
    co_return std::nullopt;
}

Outcome<Delivered> deliver(const Call& call, SecretBytes secret) {
    if (!call.recipient) {
        return Delivered{std::move(secret), std::nullopt};
    }
    Result<Bytes> enveloped = attestation::envelop(call.recipient->recipient, secret.reveal(SecretAccess()));
    if (!enveloped) {
        return call.failed(enveloped.error());
    }
    return Delivered{std::nullopt, *std::move(enveloped)};
}

}  // namespace claviger::kms
