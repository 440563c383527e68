#include "cluster/admission.hpp"

#include <array>
#include <utility>

#include <boost/asio/use_awaitable.hpp>

#include "cluster/key_map.hpp"
#include "hsm/link/message.hpp"

namespace claviger::cluster {
namespace {

namespace control = link::control;

constexpr std::string_view kProof = "claviger-slot-proof-v1";

Verdict refused(std::string reason) {
    return {Verdict::Kind::refused, std::move(reason)};
}

// Errors of the HSM or of the link may pass; what it says about itself will not change by itself.
Verdict failed(const char* step, const Error& error) {
    const std::string reason = std::string(step) + ": " + error.describe();
    switch (error.code) {
        case Errc::pin_refused:
            return {Verdict::Kind::refused,
                    "the token refused the PIN its host keeps; it was tried once and will not be tried "
                    "again: " +
                        error.detail,
                    error.code, error.ckr};
        case Errc::data_invalid:
        case Errc::key_fault:
        case Errc::integrity:
        case Errc::not_found:
        case Errc::unsupported:
        case Errc::bad_config: return refused(reason);
        case Errc::conflict: return {Verdict::Kind::refused, reason, error.code, error.ckr};
        case Errc::internal:
        case Errc::key_not_loaded:
        case Errc::session_fault:
        case Errc::not_logged_in:
        case Errc::hsm_fault:
        case Errc::hsm_gone:
        case Errc::overloaded:
        case Errc::deadline_exceeded:
        case Errc::no_hsm:
        case Errc::not_admitted:
        case Errc::protocol_error:
        case Errc::io_error: break;
    }
    return {Verdict::Kind::failed, reason, error.code, error.ckr};
}

Error reply_error(const Reply& reply) {
    switch (reply.kind) {
        case ReplyKind::failed: return link::to_error(reply.payload);
        case ReplyKind::late:
        case ReplyKind::silent: return Error(Errc::deadline_exceeded, "no answer in time");
        case ReplyKind::gone: return Error(Errc::hsm_gone, "the host ended before it answered");
        case ReplyKind::answer: break;
    }
    return Error(Errc::protocol_error, "the answer does not decode");
}

boost::asio::awaitable<Result<Bytes>> prove(Connection& data, ByteView message, MonoTime deadline) {
    const link::ProveRequest request{message};
    auto answers = data.call(link::Operation::prove, link::CostClass::slow, deadline, Encoder(request));
    const Reply reply = co_await std::move(answers);
    if (reply.kind == ReplyKind::answer) {
        if (const auto signature = link::decode<link::SignatureReply>(reply.payload)) {
            co_return to_bytes(signature->signature);
        }
    }
    co_return reply_error(reply);
}

}  // namespace

Bytes proof_message(const std::string& cluster_id, const HsmOptions& hsm, ByteView nonce) {
    Bytes message = to_bytes(as_bytes(kProof));
    append(message, as_bytes(cluster_id));
    append(message, as_bytes(hsm.hsm_id));
    append(message, as_bytes(hsm.serial));
    append(message, nonce);
    return message;
}

boost::asio::awaitable<Status<>> send_canary(Connection& data, MonoTime deadline) {
    const link::CanaryRequest request;
    auto answers = data.call(link::Operation::canary, link::CostClass::fast, deadline, Encoder(request));
    const Reply reply = co_await std::move(answers);
    if (reply.kind == ReplyKind::answer && link::decode<link::EmptyReply>(reply.payload)) {
        co_return done;
    }
    co_return reply_error(reply);
}

boost::asio::awaitable<Status<>> send_load(Connection& data, const KeyMaterial& key, MonoTime deadline) {
    const link::LoadKeyRequest request{{link_name(key.name()), key.token()}};
    auto answers = data.call(link::Operation::load_key, link::CostClass::slow, deadline, Encoder(request));
    const Reply reply = co_await std::move(answers);
    if (reply.kind == ReplyKind::answer && link::decode<link::EmptyReply>(reply.payload)) {
        co_return done;
    }
    co_return reply_error(reply);
}

boost::asio::awaitable<Verdict> admit(const AdmissionRule& rule, const HsmOptions& hsm, ControlLink& control,
                                      Connection& data, const Clock& clock, Random& random) {
    const auto limit = [&] { return clock.mono() + rule.step_limit; };
    const control::Empty nothing;

    const auto status = co_await control.ask<control::Status>(control::Operation::status, nothing, limit());
    if (!status) {
        co_return failed("status", status.error());
    }
    if (status->serial != hsm.serial) {
        co_return refused("the token's serial is " + status->serial + ", enrolled was " + hsm.serial +
                          ": another token is in its place");
    }
    if (status->certificate != rule.trust.certificate_der()) {
        co_return refused(status->certificate.empty()
                              ? "the token carries no cluster certificate: it is not a member of this cluster"
                              : "the token carries the certificate of another cluster");
    }

    if (!status->logged_in) {
        const Status<> login = co_await control.tell(control::Operation::login, nothing, limit());
        if (!login) {
            co_return failed("login", login.error());
        }
    }

    const control::CheckCluster check{rule.check_token, rule.cluster_id, rule.cwk_generation};
    const Status<> checked = co_await control.tell(control::Operation::check_cluster, check, limit());
    if (!checked) {
        co_return failed("the cluster's wrapping key", checked.error());
    }
    if (rule.membership == MembershipRule::sealed) {
        // Each time: it may have been away when the cluster was sealed, or come back from an older copy.
        const Status<> sealed = co_await control.tell(control::Operation::seal_membership, nothing, limit());
        if (!sealed) {
            co_return failed("sealing the wrapping key", sealed.error());
        }
    }

    std::array<std::byte, 32> nonce;
    random.fill(nonce);
    const Bytes message = proof_message(rule.cluster_id, hsm, nonce);
    const Result<Bytes> signature = co_await prove(data, message, limit());
    if (!signature) {
        co_return failed("proof of the cluster's identity", signature.error());
    }
    if (!rule.trust.verify(message, *signature)) {
        co_return refused("its signature is not by the key of the cluster certificate");
    }

    const Status<> canary = co_await send_canary(data, limit());
    if (!canary) {
        co_return failed("canary", canary.error());
    }

    const control::Admit opening{rule.cluster_id, rule.cwk_generation};
    const Status<> opened = co_await control.tell(control::Operation::admit, opening, limit());
    if (!opened) {
        co_return failed("admit", opened.error());
    }
    co_return Verdict{Verdict::Kind::admitted, {}};
}

}  // namespace claviger::cluster
