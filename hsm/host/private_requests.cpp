// The requests of the data socket that concern private keys and pairs: they go to threads of their own.
#include "hsm/host/host.hpp"
#include "hsm/link/key_token.hpp"

namespace claviger::host {

// Secrets come by CreateKey's check on a second HSM as well as pairs do; the key token says which lane.
void Host::load_key(Connection& connection, const link::OperationRow& row, const link::FrameView& frame) {
    const auto request = link::decode<link::LoadKeyRequest>(frame.payload);
    const auto token = request ? link::parse_key_token(request->key.token) : std::nullopt;
    if (token && hsm::is_pair(token->header.spec, token->header.usage)) {
        serve_private(connection, row, frame);
    } else {
        serve_fast(connection, row.operation, frame, 0);
    }
}

void Host::serve_private(Connection& connection, const link::OperationRow& row,
                         const link::FrameView& frame) {
    if (!take_place(row.cost, connection, frame.id)) {
        return;
    }
    // The request's memory goes with this turn; the job keeps its own copy, which is wiped.
    Parked request{connection.id(), frame.id, row.operation, frame.deadline, {}, 0};
    request.payload.assign(frame.payload.begin(), frame.payload.end());
    private_->submit(make_job(
        [this, request = std::move(request)](hsm::Lane& lane) {
            if (request.deadline < link::to_wire(SystemClock().mono())) {
                PrivateLane::Answer late{{}, Errc::deadline_exceeded};
                const Error error(Errc::deadline_exceeded, "it waited too long for other private keys");
                link::append_error(late.frame, request.id, error);
                return late;
            }
            return private_keys_.run(lane, request.operation, request.frame());
        },
        [this, cost = row.cost, from = connection.id()](const PrivateLane::Answer& answer) {
            give_place(cost);
            ++fast_.counters().operations;
            if (answer.failure) {
                count_error(fast_.counters(), *answer.failure);
            }
            if (Connection* asked = find(from)) {
                asked->out().insert(asked->out().end(), answer.frame.begin(), answer.frame.end());
                mark_dirty(*asked);
            }
        }));
}

void Host::forget_keys() {
    fast_.forget_all();
    private_->submit(make_job(
        [this](hsm::Lane&) {
            private_keys_.forget_all();
            return done;
        },
        [](Done) {}));
}

void Host::generate_pair(Connection& connection, const link::FrameView& frame) {
    const auto request = link::decode<link::GeneratePairRequest>(frame.payload);
    if (!request) {
        refuse(connection, frame.id, Error(Errc::protocol_error, "request does not decode"));
        return;
    }
    if (!take_place(link::CostClass::generate, connection, frame.id)) {
        return;
    }
    generate_->submit(make_job(
        [spec = std::string(request->spec),
         deadline = frame.deadline](hsm::Lane& lane) -> Result<hsm::ReadablePair> {
            if (deadline < link::to_wire(SystemClock().mono())) {
                return Error(Errc::deadline_exceeded, "it waited too long for other key generation");
            }
            return lane.generate_pair(spec);
        },
        [this, from = connection.id(), id = frame.id](Result<hsm::ReadablePair> made) {
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
            link::append_reply(
                asked->out(), id,
                link::KeyPairReply{made->private_key.reveal(SecretAccess()), made->public_key});
            mark_dirty(*asked);
        }));
}

}  // namespace claviger::host
