// Who is at the other end of a Unix socket, as the kernel recorded it when the connection was made (unix(7),
// SO_PEERCRED), so that it can be judged before the first byte is read.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include <claviger/base/result.hpp>

namespace claviger::link {

// How a host exits at a start that no other start will better: no such token, no such module, state files
// that do not verify (sysexits.h, EX_CONFIG).
inline constexpr int kExitUnfit = 78;
// Another process works with this token and did not let go of it in time (EX_TEMPFAIL).
inline constexpr int kExitTaken = 75;
// How it exits when its supervisor is gone.
inline constexpr int kExitOrphaned = 3;

struct Peer {
    pid_t pid = 0;
    uid_t uid = 0;
    std::string describe() const;  // "pid 4711 uid 1000"
};

Result<Peer> peer_of(int socket);

// Whom an end of the link speaks to. A pid is given where the other end could have our own uid: then only
// that process is meant. It cannot be recycled while it matters, because the host dies with its supervisor.
struct PeerRule {
    uid_t uid = 0;
    std::optional<pid_t> pid;
};

// io_error: the kernel does not say. conflict: somebody else; the detail names him for the log.
Status<> check_peer(int socket, const PeerRule& rule);

}  // namespace claviger::link
