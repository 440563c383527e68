// The requests of the data socket: which lane, when they are refused, and how one waits for its key.
#include <algorithm>

#include <claviger/hsm/cluster_keys.hpp>

#include "hsm/host/host.hpp"
#include "hsm/host/log.hpp"

namespace claviger::host {

namespace {

// Both keys of a re-encryption, and once more each for keys that were evicted meanwhile.
constexpr int kMaxLoads = 4;
// About a millisecond of the fast lane when they are worked off.
constexpr std::size_t kMaxDoubted = 128;

hsm::KeyNameBytes flat(const link::KeyName& name) noexcept {
    hsm::KeyNameBytes out;
    std::ranges::copy(name.material, std::ranges::copy(name.key_tag, out.begin()).out);
    return out;
}

std::size_t slot(link::CostClass cost) noexcept {
    return static_cast<std::size_t>(cost);
}

}  // namespace

void Host::refuse(Connection& connection, std::uint64_t id, const Error& error) {
    count_error(fast_.counters(), error.code);
    link::append_error(connection.out(), id, error);
    mark_dirty(connection);
}

bool Host::is_late(std::uint64_t deadline) const {
    return deadline < link::to_wire(clock_.mono());
}

bool Host::take_place(link::CostClass cost, Connection& connection, std::uint64_t id) {
    if (outstanding_[slot(cost)] >= link::limits_of(cost).outstanding) {
        refuse(connection, id, Error(Errc::overloaded, "too much work of this class is outstanding"));
        return false;
    }
    ++outstanding_[slot(cost)];
    return true;
}

void Host::serve(Connection& connection, const link::FrameView& frame) {
    const link::OperationRow* row = link::find_operation(static_cast<link::Operation>(frame.code));
    if (row == nullptr) {
        refuse(connection, frame.id, Error(Errc::protocol_error, "unknown operation"));
        return;
    }
    if (row->gate == link::Gate::admitted && !admitted_) {
        refuse(connection, frame.id, Error(Errc::not_admitted, {}));
        return;
    }
    if (is_late(frame.deadline)) {
        refuse(connection, frame.id,
               Error(Errc::deadline_exceeded, "the deadline had passed when it was read"));
        return;
    }
    switch (row->operation) {
        case link::Operation::encrypt:
        case link::Operation::decrypt:
        case link::Operation::re_encrypt:
        case link::Operation::generate_data_key:
        case link::Operation::random:
        case link::Operation::mac:
        case link::Operation::canary: serve_fast(connection, row->operation, frame, 0); return;
        case link::Operation::load_key: load_key(connection, *row, frame); return;
        case link::Operation::sign:
        case link::Operation::rsa_decrypt:
        case link::Operation::derive: serve_private(connection, *row, frame); return;
        case link::Operation::generate_pair: generate_pair(connection, frame); return;
        case link::Operation::create_key: create_key(connection, frame); return;
        case link::Operation::import_key: import_key(connection, frame); return;
        case link::Operation::destroy_key: destroy_key(connection, frame); return;
        case link::Operation::prove: prove(connection, frame); return;
    }
}

void Host::serve_fast(Connection& connection, link::Operation operation, const link::FrameView& frame,
                      int loads, Refusal refusal) {
    const Wait wait = fast_.run(operation, frame, connection.out(), refusal);
    const auto parked = [&] {
        return Parked{connection.id(), frame.id, operation, frame.deadline, {}, loads};
    };
    switch (wait.what) {
        case Wait::For::nothing:
            ++fast_.counters().operations;
            mark_dirty(connection);
            return;
        case Wait::For::load: await_key(connection, parked(), frame, wait); return;
        case Wait::For::settle: await_verdict(parked(), frame, wait); return;
    }
}

void Host::await_key(Connection& connection, Parked parked, const link::FrameView& frame, const Wait& wait) {
    if (parked.loads >= kMaxLoads) {
        refuse(connection, frame.id,
               Error(Errc::overloaded, "its keys are evicted faster than they are used"));
        return;
    }
    if (!take_place(link::CostClass::load, connection, frame.id)) {
        return;
    }
    ++parked.loads;
    parked.payload.assign(frame.payload.begin(), frame.payload.end());
    const auto [entry, fresh] = loading_.try_emplace(wait.name);
    entry->second.push_back(std::move(parked));
    if (!fresh) {
        return;
    }
    slow_->submit(make_job([operation = entry->second.back().operation, token = to_bytes(wait.token),
                            residency = options_.residency](
                               hsm::Lane& lane) { return load_for(operation, lane, token, residency); },
                           [this, name = wait.name](Result<std::unique_ptr<hsm::Key>> key) {
                               key_loaded(name, std::move(key));
                           }));
}

void Host::key_loaded(const link::KeyName& name, Result<std::unique_ptr<hsm::Key>> key) {
    std::vector<Parked> waiting;
    if (const auto found = loading_.find(name); found != loading_.end()) {
        waiting = std::move(found->second);
        loading_.erase(found);
    }
    std::optional<Error> failure;
    if (!key) {
        failure = load_failure(key.error());
        log(Level::warning, "a key could not be loaded: " + failure->describe());
    } else if (!is_named(**key, name)) {
        failure = Error(Errc::integrity, "the key token belongs to another key");
        std::vector<std::unique_ptr<hsm::Key>> stray;
        stray.push_back(std::move(*key));
        destroy_objects(std::move(stray));
    } else {
        ++fast_.counters().loads;
        fast_.hold(name, std::move(*key));
    }
    const bool placed = !waiting.empty() && waiting.front().operation == link::Operation::load_key;
    for (const Parked& parked : waiting) {
        give_place(link::CostClass::load);
        Connection* connection = find(parked.connection);
        if (connection == nullptr) {
            continue;
        }
        if (failure && !placed && parked.operation == link::Operation::load_key) {
            // It waited for the load of a request, which puts no object on the token; its own does.
            serve_fast(*connection, parked.operation, parked.frame(), parked.loads);
        } else if (failure) {
            refuse(*connection, parked.id, *failure);
        } else if (is_late(parked.deadline)) {
            refuse(*connection, parked.id, Error(Errc::deadline_exceeded, "the key was loaded too late"));
        } else {
            serve_fast(*connection, parked.operation, parked.frame(), parked.loads);
        }
    }
}

void Host::await_verdict(Parked parked, const link::FrameView& frame, const Wait& wait) {
    parked.payload.assign(frame.payload.begin(), frame.payload.end());
    if (doubted_.empty()) {
        verdict_due_ = wait.due;
    }
    doubted_.push_back({wait.name, std::move(parked)});
    if (doubted_.size() >= kMaxDoubted) {
        verdict_due_ = clock_.mono();
    }
}

void Host::give_verdicts() {
    std::map<link::KeyName, Status<>> settled;
    for (const auto& [name, parked] : std::exchange(doubted_, {})) {
        auto found = settled.find(name);
        if (found == settled.end()) {
            found = settled.emplace(name, fast_.settle(name)).first;
        }
        Connection* connection = find(parked.connection);
        if (connection == nullptr) {
            continue;
        }
        if (!found->second) {
            refuse(*connection, parked.id, found->second.error());
        } else if (is_late(parked.deadline)) {
            refuse(*connection, parked.id,
                   Error(Errc::deadline_exceeded, "the key that refused it was verified too late"));
        } else {
            serve_fast(*connection, parked.operation, parked.frame(), parked.loads, Refusal::believed);
        }
    }
}

void Host::destroy_objects(std::vector<std::unique_ptr<hsm::Key>> keys) {
    if (keys.empty()) {
        return;
    }
    slow_->submit(make_job(
        [gone = std::move(keys)](hsm::Lane& lane) {
            for (const std::unique_ptr<hsm::Key>& key : gone) {
                const Status<> destroyed = lane.destroy_key(*key, hsm::Lane::Reach::handle);
                if (!destroyed) {
                    log(Level::warning,
                        "a key given up could not be destroyed: " + destroyed.error().describe());
                }
            }
            return done;
        },
        [](Done) {}));
}

void Host::create_key(Connection& connection, const link::FrameView& frame) {
    const auto request = link::decode<link::CreateKeyRequest>(frame.payload);
    if (!request) {
        refuse(connection, frame.id, Error(Errc::protocol_error, "request does not decode"));
        return;
    }
    if (!cluster_) {
        refuse(connection, frame.id, Error(Errc::not_admitted, "no cluster was established"));
        return;
    }
    if (!take_place(link::CostClass::generate, connection, frame.id)) {
        return;
    }
    // The request's memory goes with this turn; the job keeps its own copy.
    auto payload = std::make_shared<const Bytes>(frame.payload.begin(), frame.payload.end());
    generate_->submit(make_job(
        [this_cluster = *cluster_, payload,
         deadline = frame.deadline](hsm::Lane& lane) -> Result<hsm::NewKey> {
            if (deadline < link::to_wire(SystemClock().mono())) {
                return Error(Errc::deadline_exceeded, "it waited too long for other key generation");
            }
            const auto wanted = link::decode<link::CreateKeyRequest>(*payload);
            if (!wanted) {
                return Error(Errc::internal, "a request that was read does not decode");
            }
            const hsm::KeyIdentity identity{.account = wanted->account,
                                            .key_id = wanted->key_id,
                                            .material_id = wanted->material_id,
                                            .spec = wanted->spec,
                                            .usage = wanted->usage,
                                            .origin = wanted->origin};
            return lane.create_key(this_cluster, identity);
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
            link::append_reply(asked->out(), id, link::KeyTokenReply{made->token, made->public_key});
            mark_dirty(*asked);
        }));
}

void Host::destroy_key(Connection& connection, const link::FrameView& frame) {
    const auto request = link::decode<link::DestroyKeyRequest>(frame.payload);
    if (!request) {
        refuse(connection, frame.id, Error(Errc::protocol_error, "request does not decode"));
        return;
    }
    if (!take_place(link::CostClass::slow, connection, frame.id)) {
        return;
    }
    // Both threads that may hold it, one after the other.
    private_->submit(
        make_job([this, name = request->name](hsm::Lane& lane) { return private_keys_.destroy(lane, name); },
                 [this, name = request->name, from = connection.id(), id = frame.id](Status<> destroyed) {
                     destroy_loaded(from, id, name, std::move(destroyed));
                 }));
}

void Host::destroy_loaded(std::uint64_t from, std::uint64_t id, const link::KeyName& name, Status<> so_far) {
    slow_->submit(make_job(
        [key = fast_.keys().remove(name), name, so_far = std::move(so_far)](hsm::Lane& lane) -> Status<> {
            const Status<> here = key ? lane.destroy_key(*key, hsm::Lane::Reach::everywhere)
                                      : lane.destroy_resident(flat(name));
            return here ? so_far : here;
        },
        [this, name, from, id](Status<> destroyed) {
            give_place(link::CostClass::slow);
            ++fast_.counters().operations;
            // A load that was under way when we were asked has ended before us and may have put it back.
            if (std::unique_ptr<hsm::Key> late = fast_.keys().remove(name)) {
                std::vector<std::unique_ptr<hsm::Key>> gone;
                gone.push_back(std::move(late));
                destroy_objects(std::move(gone));
            }
            Connection* asked = find(from);
            if (asked == nullptr) {
                return;
            }
            if (!destroyed) {
                refuse(*asked, id, destroyed.error());
                return;
            }
            link::append_reply(asked->out(), id, link::EmptyReply{});
            mark_dirty(*asked);
        }));
}

void Host::prove(Connection& connection, const link::FrameView& frame) {
    const auto request = link::decode<link::ProveRequest>(frame.payload);
    if (!request || !as_text(request->challenge).starts_with(link::kProofPrefix)) {
        refuse(connection, frame.id, Error(Errc::protocol_error, "no challenge of an admission"));
        return;
    }
    if (!take_place(link::CostClass::slow, connection, frame.id)) {
        return;
    }
    slow_->submit(make_job([challenge = to_bytes(request->challenge)](
                               hsm::Lane& lane) { return hsm::identity_sign(lane, challenge); },
                           [this, from = connection.id(), id = frame.id](Result<Bytes> signature) {
                               give_place(link::CostClass::slow);
                               ++fast_.counters().operations;
                               Connection* asked = find(from);
                               if (asked == nullptr) {
                                   return;
                               }
                               if (!signature) {
                                   refuse(*asked, id, signature.error());
                                   return;
                               }
                               link::append_reply(asked->out(), id, link::SignatureReply{*signature});
                               mark_dirty(*asked);
                           }));
}

}  // namespace claviger::host
