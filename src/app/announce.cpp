// The last step of a start: what clients need to know.
#include <fmt/format.h>
#include <unistd.h>

#include <claviger/base/files.hpp>
#include <claviger/base/registers.hpp>

#include "src/app/running_service.hpp"

namespace claviger::app {

// The lines to source stand in DIR/env. With the secret of the first access key in dev; in production that
// stands in a file of its own since the key was made, and the operator takes it away.
Status<> Service::announce() {
    std::vector<std::string> refused;
    const auto keys = open_access_keys(contents_, *sealing_key_, refused);
    const auto url = [](const config::Endpoint& endpoint, std::uint16_t port, std::string_view scheme) {
        const bool v6 = endpoint.address.find(':') != std::string::npos;
        return fmt::format("{}://{}{}{}:{}", scheme, v6 ? "[" : "", endpoint.address, v6 ? "]" : "", port);
    };
    const bool dev = settings_.kind == Kind::dev;
    std::string lines;
    lines.reserve(4096);
    lines.append("export AWS_ENDPOINT_URL=");
    lines.append(
        url(config_.http.listen, server_->port(), config_.http.tls_certificate.empty() ? "http" : "https"));
    lines.append("\n");
    if (dev && !keys.empty()) {
        append_credentials(lines, keys.front().id, keys.front().secret);
    }
    lines.append("export AWS_REGION=").append(config_.service.home_region());
    lines.append("\nexport AWS_DEFAULT_REGION=").append(config_.service.home_region());
    lines.append("\nexport CLAVIGER_ADMIN_URL=");
    lines.append(url(config_.http.admin_listen, admin_->port(), "http")).append("\n");
    Status<> written = replace_file(layout_.env(), as_bytes(lines));
    if (written && dev) {
        // Not through stdio, which would keep a copy. If nobody reads it, the file has the same lines.
        (void)write_all(STDOUT_FILENO, as_bytes(lines));
        fmt::print("# these lines stand in {}; ready\n", layout_.env().string());
    } else if (written && std::filesystem::exists(layout_.first_access_key())) {
        fmt::print("serving; the first access key stands in {}: take it away\n",
                   layout_.first_access_key().string());
    }
    std::fflush(stdout);
    wipe(lines);
    wipe_vector_registers();
    if (written && !settings_.ready_file.empty()) {
        written = replace_file(settings_.ready_file, as_bytes("ready\n"));
    }
    return written;
}

}  // namespace claviger::app
