// How a control request becomes a job and its result a reply. Included by the sources of ControlService.
#pragma once

#include <optional>
#include <utility>

#include "hsm/host/control_service.hpp"

namespace claviger::host {

// What a reply that carries nothing but success is made of.
inline Result<link::control::Empty> emptied(const Status<>& status) {
    if (!status) {
        return status.error();
    }
    return link::control::Empty{};
}

inline Result<link::control::Empty> then_saved(const Status<>& status, TokenFilesGuard& files) {
    return status ? emptied(files.save()) : emptied(status);
}

template <class Reply, class Work, class Settle>
void ControlService::start(Thread thread, Connection& connection, const link::FrameView& frame, Work work,
                           Settle settle) {
    ++host_.control_outstanding_;
    Worker& worker = thread == Thread::slow ? *host_.slow_ : *host_.generate_;
    worker.submit(make_job(
        [task = std::move(work), deadline = frame.deadline](hsm::Lane& lane) mutable -> decltype(work(lane)) {
            if (deadline < link::to_wire(SystemClock().mono())) {
                return Error(Errc::deadline_exceeded, "the deadline had passed when its turn came");
            }
            return task(lane);
        },
        [this, settle_it = std::move(settle), from = connection.id(), id = frame.id](auto result) mutable {
            --host_.control_outstanding_;
            Connection* asked = host_.find(from);
            if (!result) {
                if (asked != nullptr) {
                    host_.refuse(*asked, id, result.error());
                }
                return;
            }
            const Reply reply = settle_it(std::move(*result));
            if (asked != nullptr) {
                link::control::append_reply(asked->out(), id, reply);
                host_.mark_dirty(*asked);
            }
        }));
}

template <class Reply, class Work>
void ControlService::start(Thread thread, Connection& connection, const link::FrameView& frame, Work work) {
    start<Reply>(thread, connection, frame, std::move(work), [](Reply reply) { return reply; });
}

template <class Request, class Handler>
void ControlService::with(Connection& connection, const link::FrameView& frame, Handler handler) {
    std::optional<Request> request = link::control::decode<Request>(frame.payload);
    if (!request) {
        host_.refuse(connection, frame.id, Error(Errc::protocol_error, "request does not decode"));
        return;
    }
    handler(std::move(*request));
}

}  // namespace claviger::host
