// The control requests of a join: transport pair, CWK, identity, certificate.
#include <claviger/base/digest.hpp>
#include <claviger/hsm/cluster_keys.hpp>

#include "hsm/host/control_jobs.hpp"
#include "hsm/host/cwk_work.hpp"

namespace claviger::host {

namespace control = link::control;
using control::Operation;
using link::FrameView;

void ControlService::join(Operation operation, Connection& connection, const FrameView& frame) {
    const auto public_key_of = [this](Result<Bytes> made) -> Result<control::PublicKey> {
        if (!made) {
            return made.error();
        }
        const Status<> saved = token_.files().save();
        if (!saved) {
            return saved.error();
        }
        return control::PublicKey{std::move(*made)};
    };
    if (operation == Operation::make_transport) {
        return with<control::MakeTransport>(connection, frame, [&](const control::MakeTransport& request) {
            const auto membership = request.sealed ? hsm::Membership::sealed : hsm::Membership::open;
            start<control::PublicKey>(Thread::generate, connection, frame,
                                      [public_key_of, membership](hsm::Lane& lane) {
                                          return public_key_of(hsm::make_transport(lane, membership));
                                      });
        });
    }
    if (operation == Operation::make_recovery) {
        return start<control::PublicKey>(
            Thread::generate, connection, frame,
            [public_key_of](hsm::Lane& lane) { return public_key_of(hsm::make_recovery_pair(lane)); });
    }
    if (operation == Operation::recover_cwk) {
        return with<control::RecoverCwk>(connection, frame, [&](control::RecoverCwk request) {
            start<control::Wrapped>(
                Thread::slow, connection, frame,
                [wanted = std::move(request)](hsm::Lane& lane) { return recover_cwk(lane, wanted); });
        });
    }
    if (operation == Operation::accept_cwk) {
        return with<control::AcceptCwk>(connection, frame, [&](control::AcceptCwk request) {
            start<control::Empty>(
                Thread::slow, connection, frame, [this, wanted = std::move(request)](hsm::Lane& lane) {
                    const auto membership = wanted.sealed ? hsm::Membership::sealed : hsm::Membership::open;
                    const Status<> accepted =
                        hsm::accept_cwk(lane, {wanted.cluster_id, wanted.generation},
                                        hsm::PrivateHalf::transport, membership, wanted.wrapped);
                    return then_saved(accepted, token_.files());
                });
        });
    }
    if (operation == Operation::drop_transport) {
        return start<control::Empty>(Thread::slow, connection, frame, [this](hsm::Lane& lane) {
            return then_saved(hsm::drop_transport(lane), token_.files());
        });
    }
    // What is left works with the CWK that this host was proved to hold.
    if (!host_.cluster_) {
        host_.refuse(connection, frame.id, not_established());
        return;
    }
    const hsm::CwkId cluster = *host_.cluster_;
    if (operation == Operation::seal_membership) {
        return start<control::Empty>(Thread::slow, connection, frame,
                                     [this, cluster](hsm::Lane& lane) -> Result<control::Empty> {
                                         const Result<bool> sealed = hsm::seal_cwk(lane, cluster);
                                         if (!sealed) {
                                             return sealed.error();
                                         }
                                         return *sealed ? emptied(token_.files().save()) : control::Empty{};
                                     });
    }
    with<control::WrapCwk>(connection, frame, [&](control::WrapCwk request) {
        start<control::Wrapped>(
            Thread::slow, connection, frame,
            [cluster, wanted = std::move(request)](hsm::Lane& lane) -> Result<control::Wrapped> {
                return hsm::wrap_cwk(lane, cluster, wanted.transport_public).transform([](Bytes wrapped) {
                    return control::Wrapped{std::move(wrapped)};
                });
            });
    });
}

void ControlService::identity(Operation operation, Connection& connection, const FrameView& frame) {
    if (operation == Operation::create_identity) {
        if (!host_.cluster_) {
            host_.refuse(connection, frame.id, not_established());
            return;
        }
        return start<control::IdentityCreated>(
            Thread::generate, connection, frame,
            [cluster = *host_.cluster_](hsm::Lane& lane) -> Result<control::IdentityCreated> {
                return hsm::create_identity(lane, cluster).transform([](hsm::IdentityKey made) {
                    return control::IdentityCreated{std::move(made.token), std::move(made.public_key)};
                });
            });
    }
    if (operation == Operation::install_identity) {
        return with<control::InstallIdentity>(connection, frame, [&](control::InstallIdentity request) {
            start<control::Empty>(
                Thread::slow, connection, frame, [this, wanted = std::move(request)](hsm::Lane& lane) {
                    return then_saved(hsm::install_identity(lane, wanted.identity_token), token_.files());
                });
        });
    }
    if (operation == Operation::sign_backup) {
        return with<control::SignBackup>(connection, frame, [&](const control::SignBackup& request) {
            if (!host_.cluster_ || request.digest.size() != sizeof(Sha256Digest)) {
                host_.refuse(connection, frame.id, not_established());
                return;
            }
            Bytes message = to_bytes(as_bytes(control::kBackupDomain));
            append(message, request.digest);
            start<control::Signature>(
                Thread::slow, connection, frame,
                [signing = std::move(message)](hsm::Lane& lane) -> Result<control::Signature> {
                    return hsm::identity_sign(lane, signing).transform([](Bytes signature) {
                        return control::Signature{std::move(signature)};
                    });
                });
        });
    }
    if (operation == Operation::make_csr) {
        return with<control::MakeCsr>(connection, frame, [&](control::MakeCsr request) {
            start<control::Der>(Thread::slow, connection, frame,
                                [wanted = std::move(request)](hsm::Lane& lane) -> Result<control::Der> {
                                    const hsm::CsrSubject subject{
                                        .common_name = wanted.common_name,
                                        .organization = wanted.organization,
                                        .organizational_unit = wanted.organizational_unit};
                                    return hsm::identity_csr(lane, subject).transform([](Bytes der) {
                                        return control::Der{std::move(der)};
                                    });
                                });
        });
    }
    with<control::Der>(connection, frame, [&](control::Der request) {
        start<control::Empty>(
            Thread::slow, connection, frame, [this, wanted = std::move(request)](hsm::Lane& lane) {
                return then_saved(hsm::install_certificate(lane, kClusterCertificate, wanted.der),
                                  token_.files());
            });
    });
}

}  // namespace claviger::host
