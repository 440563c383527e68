#include "cluster/steps.hpp"

#include <utility>

namespace claviger::cluster::steps {
namespace {

namespace control = link::control;
using boost::asio::awaitable;
using control::Operation;

const control::Empty kNothing;

awaitable<Result<Bytes>> wrapped_for(Enrolment& source, Source kind, const ClusterFacts& facts,
                                     Bytes transport) {
    if (kind == Source::member) {
        const control::WrapCwk request{std::move(transport)};
        auto answer = co_await source.ask<control::Wrapped>(Operation::wrap_cwk, request);
        if (!answer) {
            co_return answer.error();
        }
        co_return std::move(answer->wrapped);
    }
    const control::RecoverCwk request{facts.cluster_id, facts.cwk_generation, facts.recovery_bundle,
                                      std::move(transport)};
    auto answer = co_await source.ask<control::Wrapped>(Operation::recover_cwk, request);
    if (!answer) {
        co_return answer.error();
    }
    co_return std::move(answer->wrapped);
}

}  // namespace

awaitable<Status<>> make_recovery(Enrolment& vault, ClusterFacts& facts) {
    const auto made = co_await vault.ask<control::PublicKey>(Operation::make_recovery, kNothing);
    if (!made) {
        co_return made.error();
    }
    facts.recovery_public = made->der;
    co_return done;
}

awaitable<Status<>> make_keys(Enrolment& first, ClusterFacts& facts) {
    const control::CreateCwk request{facts.cluster_id, facts.cwk_generation, facts.recovery_public};
    const auto cwk = co_await first.ask<control::CwkCreated>(Operation::create_cwk, request);
    if (!cwk) {
        co_return cwk.error();
    }
    facts.recovery_bundle = cwk->recovery_bundle;
    facts.check_token = cwk->check_token;
    const auto identity = co_await first.ask<control::IdentityCreated>(Operation::create_identity, kNothing);
    if (!identity) {
        co_return identity.error();
    }
    facts.identity_token = identity->identity_token;
    const control::InstallIdentity install{facts.identity_token};
    co_return co_await first.tell(Operation::install_identity, install);
}

awaitable<Result<Bytes>> make_transport(Enrolment& joining, MembershipRule membership) {
    const control::MakeTransport request{membership == MembershipRule::sealed};
    auto made = co_await joining.ask<control::PublicKey>(Operation::make_transport, request);
    if (!made) {
        co_return made.error();
    }
    co_return std::move(made->der);
}

awaitable<Result<std::vector<Bytes>>> hand_over(Enrolment& source, Source kind, const ClusterFacts& facts,
                                                std::vector<Bytes> transports) {
    std::vector<Bytes> copies = transports;
    const Status<> trusted = co_await source.trust(control::TrustedKind::transport, std::move(copies));
    std::vector<Bytes> wrapped;
    Status<> shared = trusted;
    for (std::size_t i = 0; shared && i < transports.size(); ++i) {
        Result<Bytes> one = co_await wrapped_for(source, kind, facts, std::move(transports[i]));
        if (one) {
            wrapped.push_back(*std::move(one));
        } else {
            shared = one.error();
        }
    }
    const Status<> dropped = co_await source.distrust(control::TrustedKind::transport);
    if (!shared) {
        co_return shared.error();
    }
    if (!dropped) {
        co_return dropped.error();
    }
    co_return wrapped;
}

awaitable<Status<>> accept(Enrolment& joining, const ClusterFacts& facts, Bytes wrapped) {
    control::AcceptCwk request;
    request.wrapped = std::move(wrapped);
    request.cluster_id = facts.cluster_id;
    request.generation = facts.cwk_generation;
    request.sealed = facts.membership == MembershipRule::sealed;
    const Status<> accepted = co_await joining.tell(Operation::accept_cwk, request);
    const Status<> dropped = co_await joining.tell(Operation::drop_transport, kNothing);
    co_return accepted ? dropped : accepted;
}

awaitable<Status<>> install_member(Enrolment& token, const ClusterFacts& facts, Bytes certificate) {
    const control::CheckCluster check{facts.check_token, facts.cluster_id, facts.cwk_generation};
    Status<> status = co_await token.tell(Operation::check_cluster, check);
    if (status) {
        const control::InstallIdentity identity{facts.identity_token};
        status = co_await token.tell(Operation::install_identity, identity);
    }
    if (status && !certificate.empty()) {
        const control::Der request{std::move(certificate)};
        status = co_await token.tell(Operation::install_certificate, request);
    }
    if (status && facts.membership == MembershipRule::sealed) {
        status = co_await token.tell(Operation::seal_membership, kNothing);
    }
    co_return status;
}

}  // namespace claviger::cluster::steps
