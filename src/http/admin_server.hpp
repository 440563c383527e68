// The operator's listener: GET /healthz, /readyz and /metrics, nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <claviger/base/result.hpp>

#include "src/http/server.hpp"

namespace claviger::http {

enum class Health { good, bad };
struct HealthReport {
    Health health = Health::good;
    std::string text;  // one line; never a secret: this listener asks nobody who they are
};

// Called on the admin listener's own thread; must be thread-safe and must not block for long.
struct AdminPages {
    std::function<HealthReport()> healthz;  // 200 or 503
    std::function<HealthReport()> readyz;   // 200 or 503
    std::function<std::string()> metrics;   // Prometheus text
};

// One thread of its own. start() binds: Errc::bad_config or io_error says why not. The destructor closes
// everything.
class AdminServer {
public:
    static Result<std::unique_ptr<AdminServer>> start(const TcpEndpoint& listen, AdminPages pages);
    ~AdminServer();
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    std::uint16_t port() const noexcept;

private:
    class Impl;
    explicit AdminServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace claviger::http
