#include "hsm/link/peer.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace claviger::link {

std::string Peer::describe() const {
    return "pid " + std::to_string(pid) + " uid " + std::to_string(uid);
}

Result<Peer> peer_of(int socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 || size != sizeof credentials) {
        return Error(Errc::io_error, "SO_PEERCRED: " + std::generic_category().message(errno));
    }
    return Peer{.pid = credentials.pid, .uid = credentials.uid};
}

Status<> check_peer(int socket, const PeerRule& rule) {
    const Result<Peer> peer = peer_of(socket);
    if (!peer) {
        return peer.error();
    }
    if (peer->uid != rule.uid || (rule.pid && peer->pid != *rule.pid)) {
        return Error(Errc::conflict, "peer is " + peer->describe());
    }
    return done;
}

}  // namespace claviger::link
