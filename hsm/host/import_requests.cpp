// ImportKeyMaterial's part of the data socket. It waits with key generation: checking an RSA key takes as
// long.
#include "hsm/host/host.hpp"

namespace claviger::host {
namespace {

hsm::KeyWrap key_wrap_of(link::Envelope envelope) noexcept {
    switch (envelope) {
        case link::Envelope::oaep: break;
        case link::Envelope::oaep_and_key_wrap: return hsm::KeyWrap::rfc5649;
    }
    return hsm::KeyWrap::none;
}

Result<hsm::NewKey> run_import(hsm::Lane& lane, ByteView payload) {
    const auto wanted = link::decode<link::ImportKeyRequest>(payload);
    if (!wanted) {
        return Error(Errc::internal, "a request that was read does not decode");
    }
    const hsm::ImportCall call{.wrapping_token = wanted->wrapping_token,
                               .key_wrap = key_wrap_of(wanted->envelope),
                               .hash = wanted->hash,
                               .wrapped = wanted->wrapped,
                               .id_key = wanted->id_key,
                               .identity = {.account = wanted->account,
                                            .key_id = wanted->key_id,
                                            .material_id = {},
                                            .spec = wanted->spec,
                                            .usage = wanted->usage,
                                            .origin = wanted->origin}};
    return lane.import_key(call);
}

}  // namespace

void Host::import_key(Connection& connection, const link::FrameView& frame) {
    if (!link::decode<link::ImportKeyRequest>(frame.payload)) {
        refuse(connection, frame.id, Error(Errc::protocol_error, "request does not decode"));
        return;
    }
    if (!take_place(link::CostClass::generate, connection, frame.id)) {
        return;
    }
    generate_->submit(make_job(
        [payload = SecretBytes(frame.payload),
         deadline = frame.deadline](hsm::Lane& lane) -> Result<hsm::NewKey> {
            if (deadline < link::to_wire(SystemClock().mono())) {
                return Error(Errc::deadline_exceeded, "it waited too long for key generation");
            }
            return run_import(lane, payload.reveal(SecretAccess()));
        },
        [this, from = connection.id(), id = frame.id](Result<hsm::NewKey> made) {
            give_place(link::CostClass::generate);
            ++fast_.counters().operations;
            Connection* asked = find(from);
            if (asked == nullptr) {
                return;
            }
            if (!made) {
                refuse(*asked, id, made.error());
                return;
            }
            link::append_reply(asked->out(), id, link::ImportReply{made->token, made->public_key});
            mark_dirty(*asked);
        }));
}

}  // namespace claviger::host
