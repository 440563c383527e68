// What an io thread knows about its connections: enough to close those that are too slow, idle or too many.
#pragma once

#include <boost/intrusive/list.hpp>

#include <claviger/base/clock.hpp>

namespace claviger::http {

enum class Phase {
    handshake,  // TLS
    head,       // a part of a request is there
    body,
    calling,  // the service works; it keeps its own deadline
    writing,
    idle,       // before the first and between requests
    lingering,  // everything was said; waiting for the peer to have read it
};

class Connection
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual ~Connection() = default;
    // Ends the read or write that is pending; the connection's coroutine then ends by itself. A read that has
    // just completed cannot be ended any more: a request that is whole with it is answered first, and no
    // other.
    void retire() noexcept {
        retired_ = true;
        interrupt();
    }
    // Closes the socket at once, whatever is under way.
    virtual void abort() noexcept = 0;

    Phase phase() const noexcept { return phase_; }
    bool retired() const noexcept { return retired_; }
    bool overdue(MonoTime now) const noexcept { return phase_ != Phase::calling && now >= deadline_; }

protected:
    virtual void interrupt() noexcept = 0;
    MonoTime deadline() const noexcept { return deadline_; }
    void enter(Phase phase, MonoTime deadline) noexcept {
        phase_ = phase;
        deadline_ = deadline;
    }

private:
    Phase phase_ = Phase::idle;
    bool retired_ = false;
    MonoTime deadline_{};
};

using ConnectionList = boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>>;

}  // namespace claviger::http
