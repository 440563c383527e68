#include "hsm/host/control_service.hpp"

#include <unistd.h>

#include <algorithm>

#include <claviger/hsm/cluster_keys.hpp>

#include "hsm/host/control_jobs.hpp"
#include "hsm/host/cwk_work.hpp"
#include "hsm/host/log.hpp"
#include "hsm/host/object_page.hpp"

namespace claviger::host {

namespace control = link::control;
using control::Operation;
using link::FrameView;

namespace {

control::Verdict to_wire(hsm::Verdict verdict) noexcept {
    switch (verdict) {
        case hsm::Verdict::strong: return control::Verdict::strong;
        case hsm::Verdict::weak: return control::Verdict::weak;
        case hsm::Verdict::unusable: return control::Verdict::unusable;
    }
    return control::Verdict::unknown;
}

control::Probed to_wire(const hsm::Profile& profile) {
    control::Probed probed;
    probed.profile = to_wire(profile.verdict);
    for (const hsm::AttackResult& attack : profile.attacks) {
        if (!attack.refused) {
            probed.weaknesses.push_back(attack.name + ": " + attack.outcome);
        }
    }
    for (const hsm::KeyKind& kind : profile.key_kinds) {
        if (kind.refusal.empty()) {
            probed.capabilities.push_back(kind.spec + "/" + kind.usage);
        }
    }
    return probed;
}

}  // namespace

Error ControlService::not_established() {
    return Error(Errc::conflict,
                 "no cluster was established on this host: create_cwk or check_cluster comes first");
}

void ControlService::answer_empty(Connection& connection, std::uint64_t id) {
    control::append_reply(connection.out(), id, control::Empty{});
    host_.mark_dirty(connection);
}

void ControlService::serve(Connection& connection, const FrameView& frame) {
    const control::OperationRow* row = control::find_operation(static_cast<Operation>(frame.code));
    if (row == nullptr || row->served_by != control::ServedBy::host) {
        host_.refuse(connection, frame.id, Error(Errc::protocol_error, "unknown operation"));
        return;
    }
    if (host_.is_late(frame.deadline)) {
        host_.refuse(connection, frame.id,
                     Error(Errc::deadline_exceeded, "the deadline had passed when it was read"));
        return;
    }
    switch (row->operation) {
        case Operation::status: return status(connection, frame);
        case Operation::login: return login(connection, frame);
        case Operation::logout: return logout(connection, frame);
        case Operation::set_user_pin:
            return with<control::SetUserPin>(connection, frame, [&](control::SetUserPin request) {
                start<control::Empty>(
                    Thread::slow, connection, frame, [this, pins = std::move(request)](hsm::Lane&) mutable {
                        return emptied(pins_.set(std::move(pins.current), std::move(pins.fresh)));
                    });
            });
        case Operation::rotate_pin:
            return start<control::Empty>(Thread::slow, connection, frame,
                                         [this](hsm::Lane&) { return emptied(pins_.rotate()); });
        case Operation::create_cwk: return create_cwk(connection, frame);
        case Operation::make_transport:
        case Operation::wrap_cwk:
        case Operation::accept_cwk:
        case Operation::drop_transport:
        case Operation::seal_membership:
        case Operation::make_recovery:
        case Operation::recover_cwk: return join(row->operation, connection, frame);
        case Operation::create_identity:
        case Operation::install_identity:
        case Operation::make_csr:
        case Operation::sign_backup:
        case Operation::install_certificate: return identity(row->operation, connection, frame);
        case Operation::check_cluster: return check_cluster(connection, frame);
        case Operation::probe: return probe(connection, frame);
        case Operation::admit: return admit(connection, frame);
        case Operation::refuse: host_.admitted_ = false; return answer_empty(connection, frame.id);
        case Operation::drain:
            host_.admitted_ = false;
            host_.drain_waiters_.emplace_back(connection.id(), frame.id);
            return;
        case Operation::wipe:
            host_.admitted_ = false;
            host_.forget_keys();
            return start<control::Empty>(
                Thread::slow, connection, frame,
                [this](hsm::Lane& lane) -> Result<control::Empty> {
                    const Result<std::size_t> wiped = hsm::wipe_user_objects(lane);
                    if (!wiped) {
                        return wiped.error();
                    }
                    log(Level::info, "wiped " + std::to_string(*wiped) + " objects");
                    return then_saved(done, token_.files());
                },
                [this](control::Empty reply) {
                    host_.forget_keys();
                    host_.cluster_.reset();
                    return reply;
                });
        case Operation::list_objects: return list_objects(connection, frame);
        case Operation::destroy_object: return destroy_object(connection, frame);
        case Operation::init_token:
        case Operation::install_trusted:
        case Operation::remove_trusted:
        case Operation::init_user_pin:
        case Operation::wipe_token:
        case Operation::try_user_pin:
        case Operation::take_token:
        case Operation::give_back_token: break;
    }
    host_.refuse(connection, frame.id,
                 Error(Errc::protocol_error, "officer work is not done by a serving host"));
}

void ControlService::status(Connection& connection, const FrameView& frame) {
    start<control::Status>(
        Thread::slow, connection, frame,
        [this](hsm::Lane&) -> Result<control::Status> {
            const Result<hsm::TokenFacts> facts = token_.token().facts();
            if (!facts) {
                return facts.error();
            }
            const Result<std::vector<hsm::Certificate>> certificates =
                token_.module().certificates(facts->slot);
            if (!certificates) {
                return certificates.error();
            }
            control::Status status;
            status.serial = facts->serial;
            status.label = facts->label;
            status.model = facts->model;
            status.firmware = facts->firmware;
            status.module = token_.module().path();
            status.flags = facts->flags;
            status.process = static_cast<std::uint64_t>(getpid());
            for (const hsm::Certificate& certificate : *certificates) {
                if (certificate.label == kClusterCertificate) {
                    status.certificate = certificate.der;
                }
            }
            status.has_pin = pins_.has_pin();
            status.logged_in = token_.token().logged_in();
            return status;
        },
        [this](control::Status status) {
            status.admitted = host_.admitted_;
            if (host_.cluster_) {
                status.cluster_id = host_.cluster_->cluster_id;
                status.generation = host_.cluster_->generation;
            }
            if (probed_) {
                status.profile = probed_->profile;
                status.weaknesses = probed_->weaknesses;
                status.capabilities = probed_->capabilities;
            }
            status.counters = host_.fast_.counters();
            status.counters.keys_loaded = host_.fast_.keys().size();
            status.counters.evictions = host_.fast_.keys().evictions();
            status.counters.nonce_redraws = host_.fast_.nonce_draws();
            status.counters.shadow_restores = token_.files().restored();
            return status;
        });
}

void ControlService::login(Connection& connection, const FrameView& frame) {
    start<control::Empty>(Thread::slow, connection, frame, [this](hsm::Lane& lane) -> Result<control::Empty> {
        if (token_.token().logged_in()) {
            return control::Empty{};  // only this process can have done that, with the PIN kept here
        }
        const Status<> entered = pins_.login();
        if (!entered) {
            log(Level::error, "login: " + entered.error().describe());
            return entered.error();
        }
        log(Level::info, "logged in");
        const Result<bool> left = hsm::has_transport(lane);
        if (!left) {
            return left.error();
        }
        if (!*left) {
            return control::Empty{};
        }
        log(Level::warning, "a join was interrupted: destroying its transport key");
        return then_saved(hsm::drop_transport(lane), token_.files());
    });
}

void ControlService::logout(Connection& connection, const FrameView& frame) {
    host_.admitted_ = false;
    host_.forget_keys();
    start<control::Empty>(
        Thread::slow, connection, frame, [this](hsm::Lane&) { return emptied(token_.token().logout()); },
        [this](control::Empty reply) {
            host_.forget_keys();  // loads that were under way
            host_.cluster_.reset();
            return reply;
        });
}

void ControlService::established(const hsm::CwkId& cluster, std::unique_ptr<hsm::Key> check_key) {
    host_.cluster_ = cluster;
    std::vector<std::unique_ptr<hsm::Key>> former;
    if (std::unique_ptr<hsm::Key> old = host_.fast_.set_check_key(std::move(check_key))) {
        former.push_back(std::move(old));
    }
    host_.destroy_objects(std::move(former));
}

void ControlService::create_cwk(Connection& connection, const FrameView& frame) {
    with<control::CreateCwk>(connection, frame, [&](control::CreateCwk request) {
        start<control::CwkCreated>(
            Thread::slow, connection, frame,
            [this, wanted = std::move(request)](hsm::Lane& lane) {
                return make_cwk(lane, token_.files(), wanted);
            },
            [this](CheckedCwk checked) {
                established(checked.cluster, std::move(checked.check_key));
                return std::move(checked.created);
            });
    });
}

void ControlService::check_cluster(Connection& connection, const FrameView& frame) {
    with<control::CheckCluster>(connection, frame, [&](control::CheckCluster request) {
        start<control::Empty>(
            Thread::slow, connection, frame,
            [wanted = std::move(request)](hsm::Lane& lane) {
                return prove_cwk(lane, {wanted.cluster_id, wanted.generation}, wanted.check_token);
            },
            [this](CheckedCwk checked) {
                established(checked.cluster, std::move(checked.check_key));
                return control::Empty{};
            });
    });
}

void ControlService::admit(Connection& connection, const FrameView& frame) {
    with<control::Admit>(connection, frame, [&](const control::Admit& request) {
        if (!host_.cluster_ || *host_.cluster_ != hsm::CwkId{request.cluster_id, request.generation}) {
            host_.refuse(connection, frame.id, not_established());
            return;
        }
        if (host_.shutting_down_) {
            host_.refuse(connection, frame.id, Error(Errc::not_admitted, "this host is ending"));
            return;
        }
        host_.admitted_ = true;
        log(Level::info, "admitted to " + request.cluster_id);
        answer_empty(connection, frame.id);
    });
}

void ControlService::probe(Connection& connection, const FrameView& frame) {
    with<control::Probe>(connection, frame, [&](const control::Probe& request) {
        const auto depth = request.depth == control::ProbeDepth::attacks ? hsm::ProbeDepth::attacks
                                                                         : hsm::ProbeDepth::all_key_kinds;
        start<control::Probed>(
            Thread::generate, connection, frame, [depth](hsm::Lane& lane) { return hsm::probe(lane, depth); },
            [this](const hsm::Profile& profile) {
                probed_ = to_wire(profile);
                log(Level::info, "probe: " + profile.summary);
                return *probed_;
            });
    });
}

void ControlService::list_objects(Connection& connection, const FrameView& frame) {
    with<control::ListObjects>(connection, frame, [&](const control::ListObjects& request) {
        start<control::ObjectList>(
            Thread::slow, connection, frame,
            [this, offset = request.offset](hsm::Lane&) -> Result<control::ObjectList> {
                Result<std::vector<hsm::TokenObject>> all = token_.token().objects();
                if (!all) {
                    return all.error();
                }
                std::size_t left_out = 0;
                control::ObjectList page = object_page(std::move(*all), offset, left_out);
                if (left_out != 0) {
                    log(Level::warning, std::to_string(left_out) +
                                            " objects with labels or ids of an absurd size are not listed");
                }
                return page;
            });
    });
}

void ControlService::destroy_object(Connection& connection, const FrameView& frame) {
    with<control::DestroyObject>(connection, frame, [&](control::DestroyObject request) {
        start<control::Empty>(Thread::slow, connection, frame,
                              [this, wanted = std::move(request)](hsm::Lane&) -> Result<control::Empty> {
                                  const auto gone =
                                      token_.token().destroy_key_objects(wanted.label, wanted.id);
                                  if (!gone) {
                                      return gone.error();
                                  }
                                  return control::Empty{};
                              });
    });
}

}  // namespace claviger::host
