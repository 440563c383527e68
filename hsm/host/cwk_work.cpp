#include "hsm/host/cwk_work.hpp"

#include "hsm/host/log.hpp"
#include "hsm/link/key_token.hpp"

namespace claviger::host {

namespace control = link::control;

Result<CheckedCwk> prove_cwk(hsm::Lane& lane, const hsm::CwkId& cluster, ByteView check_token) {
    const auto parsed = link::parse_key_token(check_token);
    if (!parsed || parsed->header.cluster_id != cluster.cluster_id ||
        parsed->header.cwk_generation != cluster.generation) {
        return Error(Errc::data_invalid, "the check token is not one of " + cluster.cluster_id);
    }
    Result<std::unique_ptr<hsm::Key>> key = lane.load_key(check_token, hsm::Residency::session);
    if (!key) {
        return key.error();
    }
    CheckedCwk checked;
    checked.cluster = cluster;
    checked.check_key = std::move(*key);
    return checked;
}

Result<CheckedCwk> make_cwk(hsm::Lane& lane, TokenFilesGuard& files, const control::CreateCwk& request) {
    const hsm::CwkId cluster{request.cluster_id, request.generation};
    const Result<bool> trusted = hsm::has_trusted(lane, request.recovery_public);
    if (!trusted) {
        return trusted.error();
    }
    if (!*trusted) {
        return Error(
            Errc::not_found,
            "this recovery key is not installed as trusted; an officer does that before there is a CWK");
    }
    const Status<> generated = hsm::generate_cwk(lane, cluster);
    if (!generated) {
        return generated.error();
    }
    // From here on a failure must not leave a CWK that nobody can recover.
    const auto undo = [&](const Error& why) {
        const Status<> destroyed = hsm::destroy_cwk(lane, cluster);
        if (!destroyed) {
            log(Level::error, "a CWK without recovery bundle is left: " + destroyed.error().describe());
        }
        return why;
    };
    Result<Bytes> bundle = hsm::wrap_cwk(lane, cluster, request.recovery_public);
    if (!bundle) {
        return undo(bundle.error());
    }
    Result<Bytes> check_token = hsm::create_check_token(lane, cluster);
    if (!check_token) {
        return undo(check_token.error());
    }
    Result<CheckedCwk> checked = prove_cwk(lane, cluster, *check_token);
    if (!checked) {
        return undo(checked.error());
    }
    const Status<> saved = files.save();
    if (!saved) {
        return undo(saved.error());
    }
    checked->created = {std::move(*bundle), std::move(*check_token)};
    return checked;
}

Result<control::Wrapped> recover_cwk(hsm::Lane& lane, const control::RecoverCwk& request) {
    const hsm::CwkId cluster{request.cluster_id, request.generation};
    const Status<> opened = hsm::accept_cwk(lane, cluster, hsm::PrivateHalf::recovery, hsm::Membership::open,
                                            request.recovery_bundle);
    if (!opened) {
        return opened.error();
    }
    Result<Bytes> wrapped = hsm::wrap_cwk(lane, cluster, request.transport_public);
    // A vault holds a CWK only for this moment.
    const Status<> destroyed = hsm::destroy_cwk(lane, cluster);
    if (!wrapped) {
        return wrapped.error();
    }
    if (!destroyed) {
        return destroyed.error();
    }
    return control::Wrapped{std::move(*wrapped)};
}

}  // namespace claviger::host
